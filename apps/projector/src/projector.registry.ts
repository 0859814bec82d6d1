import { READ_MODELS, type Projection } from '#read-models';

/** Every projection that runs. They are one generation: folded, fenced and rebuilt together. */
export const PROJECTIONS: readonly Projection[] = READ_MODELS;
