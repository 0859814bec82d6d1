import type { IncomingHttpHeaders } from 'node:http';
import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { GatewayError } from '#contracts';
import { readApiKey } from './api-key.js';
import { KeyDirectory } from './key-directory.js';
import type { Principal } from './principal.js';
import { PublicRoute, RequirePermission } from './route-permission.js';

/** A request that has passed the guard. */
export interface AuthenticatedRequest {
  readonly headers: IncomingHttpHeaders;
  principal?: Principal;
}

/** The caller of a request that has passed the guard. */
export function principalOf({ principal }: AuthenticatedRequest): Principal {
  if (principal === undefined) throw new GatewayError('missing_api_key', 'This route needs an API key.');
  return principal;
}

/** Stands in for a caller without a key where the operator allows that (`OVERTURE_ANONYMOUS`, loopback only). */
export abstract class AnonymousAccess {
  abstract principal(): Principal | null;
}

/** The door, shut by default: authenticates the caller and checks the permission that the route names. */
@Injectable()
export class RequirePermissionGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly keys: KeyDirectory,
    private readonly anonymous: AnonymousAccess,
  ) {}

  canActivate(context: ExecutionContext): boolean {
    const permission = this.reflector.get(RequirePermission, context.getHandler());
    if (permission === undefined) return this.reflector.get(PublicRoute, context.getHandler()) !== undefined;

    const request = context.switchToHttp().getRequest<AuthenticatedRequest>();
    const key = readApiKey(request.headers);
    const principal =
      (key === undefined ? this.anonymous.principal() : null) ?? this.keys.authenticate(key, Date.now());
    if (!principal.permissions.has(permission)) {
      throw new GatewayError('permission_denied', `This key lacks the permission "${permission}": use another key.`);
    }
    request.principal = principal;
    return true;
  }
}
