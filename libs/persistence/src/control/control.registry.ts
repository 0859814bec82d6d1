import { ApiKey } from './api-key.entity.js';
import { Budget } from './budget.entity.js';
import { Organisation } from './organisation.entity.js';
import { Project } from './project.entity.js';

/** Entities of the control tables, for `createOrm`. */
export const CONTROL_ENTITIES = [Organisation, Project, ApiKey, Budget];
