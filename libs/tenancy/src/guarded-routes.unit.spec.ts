import { Controller, Get, type ExecutionContext } from '@nestjs/common';
import { DiscoveryModule, Reflector } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import { KeyedDigest } from '#event-log';
import { hashApiKey } from './api-key.js';
import { GuardedRoutes } from './guarded-routes.js';
import { KeyDirectory } from './key-directory.js';
import type { Permission } from './principal.js';
import { RequirePermissionGuard, principalOf, type AuthenticatedRequest } from './require-permission.guard.js';
import { PublicRoute, RequirePermission } from './route-permission.js';

@Controller()
class Guarded {
  @Get('models')
  @RequirePermission('models:read')
  models(): void {}

  @Get('health')
  @PublicRoute({ because: 'probes carry no key' })
  health(): void {}

  notARoute(): void {}
}

@Controller()
class Forgotten {
  @Get('secrets')
  secrets(): void {}
}

describe('the routes of an app', () => {
  const start = async (controllers: (new () => unknown)[]): Promise<void> => {
    const module = await Test.createTestingModule({
      imports: [DiscoveryModule],
      controllers,
      providers: [GuardedRoutes],
    }).compile();
    await module.init();
    await module.close();
  };

  it('start when each names a permission or a reason for being public', async () => {
    await expect(start([Guarded])).resolves.toBeUndefined();
  });

  it('stop the start when one names neither', async () => {
    await expect(start([Guarded, Forgotten])).rejects.toThrow('Forgotten.secrets');
  });
});

describe('the guard', () => {
  const KEY = 'sk-igris-0123456789abcdefghijklmnopqrstuv';
  const principal = (permission: Permission) => ({
    orgId: 'org',
    tenantId: 'project',
    keyId: 'key',
    permissions: new Set([permission]),
    digest: new KeyedDigest(Buffer.alloc(32)),
  });
  const pass = (
    handler: () => void,
    headers: object,
    { may = 'models:read' as Permission, anonymous = false } = {},
  ) => {
    const keys = new KeyDirectory();
    keys.replaceAll([{ hash: hashApiKey(KEY), principal: principal(may), expiresAtMs: null }]);
    const access = { principal: () => (anonymous ? principal('models:read') : null) };
    const request = { headers } as AuthenticatedRequest;
    const context = { getHandler: () => handler, switchToHttp: () => ({ getRequest: () => request }) };
    const letIn = new RequirePermissionGuard(new Reflector(), keys, access).canActivate(
      context as unknown as ExecutionContext,
    );
    return { letIn, request };
  };
  const { models, health } = Guarded.prototype;
  const withKey = { authorization: `Bearer ${KEY}` };

  it('lets a key in that has the permission, and says who it is', () => {
    const { letIn, request } = pass(models, withKey);
    expect([letIn, principalOf(request).tenantId]).toEqual([true, 'project']);
  });

  it.each<[string, () => unknown, string]>([
    ['without a key', () => pass(models, {}), 'missing_api_key'],
    ['with an unknown key', () => pass(models, { 'x-api-key': `${KEY}x` }), 'invalid_api_key'],
    ['without the permission', () => pass(models, withKey, { may: 'inference:write' }), 'permission_denied'],
    [
      'with an unknown key where none is needed',
      () => pass(models, { 'x-api-key': 'sk-igris-no' }, { anonymous: true }),
      'invalid_api_key',
    ],
  ])('refuses a caller %s', (_, call, code) => {
    expect(call).toThrow(expect.objectContaining({ code }));
  });

  it('opens a public route to everyone, and a route that names nothing to nobody', () => {
    expect(pass(health, {}).letIn).toBe(true);
    expect(pass(Forgotten.prototype.secrets, withKey).letIn).toBe(false);
  });

  it('lets a caller without a key in where the operator allows that', () => {
    expect(pass(models, {}, { anonymous: true }).letIn).toBe(true);
  });
});
