import { Client } from 'pg';
import { DATABASE_LOGINS } from '#persistence';

/** Each query names what breaks the isolation of tenants; none may return a row. `$1` are the product's logins. */
const GAPS = [
  `select format('%s: row-level security is not forced', c.oid::regclass)
     from pg_class c join pg_attribute a on a.attrelid = c.oid
    where a.attname = 'tenant_id' and c.relkind in ('r', 'p') and not (c.relrowsecurity and c.relforcerowsecurity)`,
  `select format('%s: no policy own_tenant for everyone with USING and WITH CHECK on app.tenant', c.oid::regclass)
     from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.relrowsecurity and n.nspname not in ('pg_catalog', 'information_schema') and not exists (
      select from pg_policy p where p.polrelid = c.oid and p.polname = 'own_tenant' and p.polcmd = '*'
        and p.polroles = '{0}' and pg_get_expr(p.polqual, c.oid) like '%app.tenant%'
        and pg_get_expr(p.polwithcheck, c.oid) = pg_get_expr(p.polqual, c.oid))`,
  `select format('%s: policy %s lets rows be written without WITH CHECK', p.polrelid::regclass, p.polname)
     from pg_policy p where p.polcmd in ('*', 'a', 'w') and p.polwithcheck is null`,
  `select format('%s: policy %s opens the rows of every tenant to everyone', p.polrelid::regclass, p.polname)
     from pg_policy p where p.polroles = '{0}' and p.polname <> 'own_tenant'`,
  `select format('%s: a view that does not ask with the rights of its reader', c.oid::regclass)
     from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.relkind in ('v', 'm') and n.nspname not in ('pg_catalog', 'information_schema')
      and not coalesce('security_invoker=true' = any (c.reloptions), false)`,
  `select format('%s: a function with the rights of its owner', p.oid::regprocedure) from pg_proc p where p.prosecdef`,
  `select format('%s may do too much', rolname) from pg_roles
    where rolname = any ($1) and (rolsuper or rolbypassrls or rolcreaterole or rolcreatedb or rolreplication)`,
  `select format('%s has the rights of %s', member::regrole, roleid::regrole) from pg_auth_members
    where member::regrole::text = any ($1)`,
  `select format('%s owns %s', refobjid::regrole, pg_describe_object(classid, objid, objsubid)) from pg_shdepend
    where deptype = 'o' and refclassid = 'pg_authid'::regclass
      and refobjid::regrole::text = any (array_remove($1, '${DATABASE_LOGINS.migrator}'))`,
];

/**
 * Everything in a database that would let one tenant reach another's rows, in words; empty when there is nothing.
 * For the specs of whoever creates tables.
 */
export async function findIsolationGaps(superuserUrl: string): Promise<string[]> {
  const client = new Client({ connectionString: superuserUrl });
  await client.connect();
  try {
    const found: string[] = [];
    for (const sql of GAPS) {
      const logins = sql.includes('$1') ? [Object.values(DATABASE_LOGINS)] : [];
      const { rows } = await client.query<[string]>({ text: sql, values: logins, rowMode: 'array' });
      found.push(...rows.flat());
    }
    return found;
  } finally {
    await client.end();
  }
}
