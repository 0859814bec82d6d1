import type { StartDateConstraint, TimeOfDateConstraint } from '@pydantic/genai-prices';
import type { ModelPrice } from './model-price.js';

/** Prices of one model over time. The last period whose constraint holds counts; the first one if none does. */
export type PriceSchedule = readonly {
  readonly constraint: StartDateConstraint | TimeOfDateConstraint | null;
  readonly price: ModelPrice | null;
}[];

const SECONDS_PER_DAY = 86_400;
const TIME_OF_DAY = /^(\d{2}):(\d{2}):(\d{2})(?:Z|([+-])(\d{2}):(\d{2}))$/;

/** The price at a moment: providers change prices at a date, and some ask less at night. */
export function priceAt(schedule: PriceSchedule, epochMs: number): ModelPrice | null {
  if (schedule.length === 1) return schedule[0]?.price ?? null;
  const period = schedule.findLast(({ constraint }) => constraint === null || holdsAt(constraint, epochMs));
  return (period ?? schedule[0])?.price ?? null;
}

function holdsAt(constraint: StartDateConstraint | TimeOfDateConstraint, epochMs: number): boolean {
  if (constraint.type === 'start_date') return epochMs >= Date.parse(constraint.start_date);
  const now = new Date(epochMs);
  const second = now.getUTCHours() * 3600 + now.getUTCMinutes() * 60 + now.getUTCSeconds();
  const [start, end] = [secondOfDay(constraint.start_time), secondOfDay(constraint.end_time)];
  return start <= end ? second >= start && second < end : second >= start || second < end;
}

/** `01:30:00+08:00` as the second of the day in UTC. */
function secondOfDay(time: string): number {
  const match = TIME_OF_DAY.exec(time);
  if (match === null) throw new RangeError(`"${time}" is not a time of day with its offset from UTC`);
  const [hours, minutes, seconds, offsetHours, offsetMinutes] = [1, 2, 3, 5, 6].map((at) =>
    Number.parseInt(match[at] ?? '0', 10),
  ) as [number, number, number, number, number];
  const offset = (offsetHours * 60 + offsetMinutes) * 60 * (match[4] === '-' ? -1 : 1);
  return (hours * 3600 + minutes * 60 + seconds - offset + SECONDS_PER_DAY) % SECONDS_PER_DAY;
}
