/** What one connection offers: names that callers use and the names its provider knows them by. */
export interface OfferedConnection {
  readonly slug: string;
  readonly provider: string;
  readonly models: readonly { readonly name: string; readonly upstream: string }[];
}

/** A model on a connection: the unit that is drawn, learnt about and broken. */
export interface Candidate {
  /** `slug/model`. */
  readonly id: string;
  readonly connection: string;
  readonly provider: string;
  readonly model: string;
  /** The model's name at its provider. */
  readonly upstream: string;
}

/** Every name that a request may ask for, resolved once per configuration. */
export interface ModelIndex {
  /** Candidates by requested name, sorted by id: model names, groups, `@slug/model` and `auto`. */
  readonly byName: ReadonlyMap<string, readonly Candidate[]>;
}

/** Every candidate there is, by class and what has been learnt. */
export const AUTO = 'auto';

/**
 * Resolves every name once. A group's members are `slug/model` (that connection only) or a model name (every connection
 * that serves it); a group named like a model adds its equivalents to the connections that serve the model itself.
 *
 * @throws RangeError naming the group whose name is taken, or the member that no connection serves.
 */
export function buildModelIndex(
  connections: readonly OfferedConnection[],
  groups: Readonly<Record<string, readonly string[]>>,
): ModelIndex {
  const all = connections.flatMap((connection) => candidatesOf(connection));
  const byId = new Map(all.map((candidate) => [candidate.id, candidate]));
  const byModel = Map.groupBy(all, ({ model }) => model);
  const byName = new Map<string, readonly Candidate[]>(byModel);
  for (const candidate of all) byName.set(`@${candidate.id}`, [candidate]);
  for (const [group, members] of Object.entries(groups)) {
    if (group === AUTO || group.startsWith('@'))
      throw new RangeError(`group "${group}": the name has a meaning already`);
    const equivalents = members.flatMap((member) => {
      const one = byId.get(member);
      const found = one === undefined ? byModel.get(member) : [one];
      if (found === undefined) throw new RangeError(`group "${group}": no connection serves "${member}"`);
      return found;
    });
    byName.set(group, [...(byModel.get(group) ?? []), ...equivalents]);
  }
  byName.set(AUTO, all);
  return { byName: new Map([...byName].map(([name, candidates]) => [name, sortedUnique(candidates)])) };
}

const candidatesOf = ({ slug, provider, models }: OfferedConnection): Candidate[] =>
  models.map(({ name, upstream }) => ({ id: `${slug}/${name}`, connection: slug, provider, model: name, upstream }));

/** By code unit, which no locale changes. */
function sortedUnique(candidates: readonly Candidate[]): readonly Candidate[] {
  const unique = [...new Map(candidates.map((candidate) => [candidate.id, candidate])).values()];
  return unique.sort((one, other) => (one.id < other.id ? -1 : 1));
}
