import { Reflector } from '@nestjs/core';
import type { Permission } from './principal.js';

/** Names the permission that a route needs. A route without it, and without `PublicRoute`, stops the start. */
export const RequirePermission = Reflector.createDecorator<Permission>();

/** Declares a route open to callers without a key, with the reason. */
export const PublicRoute = Reflector.createDecorator<{ readonly because: string }>();
