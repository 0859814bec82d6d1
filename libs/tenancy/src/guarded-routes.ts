import { Injectable, type OnModuleInit } from '@nestjs/common';
import { DiscoveryService, MetadataScanner, Reflector } from '@nestjs/core';
import { PublicRoute, RequirePermission } from './route-permission.js';

/** Metadata that Nest puts on every route handler. */
const ROUTE_PATH = 'path';

/** Refuses to start an app in which a route names neither a permission nor a reason for being public. */
@Injectable()
export class GuardedRoutes implements OnModuleInit {
  constructor(
    private readonly discovery: DiscoveryService,
    private readonly scanner: MetadataScanner,
    private readonly reflector: Reflector,
  ) {}

  onModuleInit(): void {
    const open = this.discovery.getControllers().flatMap(({ metatype }) => this.unguardedRoutes(metatype));
    if (open.length > 0) {
      throw new Error(
        `These routes name no permission: ${open.join(', ')}. Add @RequirePermission(…) or @PublicRoute(…).`,
      );
    }
  }

  private unguardedRoutes(metatype: unknown): string[] {
    if (typeof metatype !== 'function') return [];
    const prototype = metatype.prototype as Record<string, (...args: never[]) => unknown>;
    return this.scanner
      .getAllMethodNames(prototype)
      .filter((name) => {
        const handler = prototype[name];
        if (handler === undefined || !Reflect.hasMetadata(ROUTE_PATH, handler)) return false;
        return (
          this.reflector.get(RequirePermission, handler) === undefined &&
          this.reflector.get(PublicRoute, handler) === undefined
        );
      })
      .map((name) => `${metatype.name}.${name}`);
  }
}
