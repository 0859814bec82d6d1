import { CONTROL_MIGRATIONS } from '#persistence';
import { READ_MODEL_MIGRATIONS } from '#read-models';

/** Every migration of the product, in the order in which they run. */
export const ALL_MIGRATIONS = [...CONTROL_MIGRATIONS, ...READ_MODEL_MIGRATIONS];
