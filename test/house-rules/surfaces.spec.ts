import { findEnvironmentReads, findUnguardedRoutes, routesOf } from './rules/surface-rules.js';
import { readTree, type TreeFile } from './source-tree.js';

const tree = readTree();

describe('surfaces', () => {
  it('name a permission for every route', () => {
    expect(tree.flatMap(routesOf)).not.toEqual([]);
    expect(findUnguardedRoutes(tree)).toEqual([]);
  });

  it('read the environment in configuration files only', () => {
    expect(findEnvironmentReads(tree)).toEqual([]);
  });
});

describe('the surface rules', () => {
  const file = (text: string, path = 'apps/gateway/src/chat.controller.ts'): TreeFile => ({ path, text });

  it('find a route without a permission', () => {
    expect(findUnguardedRoutes([file("class C { @Post('chat') chat() {} }")])).toHaveLength(1);
    expect(findUnguardedRoutes([file("class C { @Post('chat') @RequirePermission('write') chat() {} }")])).toEqual([]);
    expect(findUnguardedRoutes([file("class C { @Get() @PublicRoute({ because: 'health' }) health() {} }")])).toEqual(
      [],
    );
    expect(findUnguardedRoutes([file('class C { notARoute() {} }')])).toEqual([]);
  });

  it('find a look into the environment', () => {
    expect(findEnvironmentReads([file('const port = process.env.PORT;')])).toHaveLength(1);
    expect(findEnvironmentReads([file("const port = process.env['PORT'];", 'libs/a/src/a.ts')])).toHaveLength(1);
    expect(findEnvironmentReads([file('const port = process.env.PORT;', 'apps/a/src/a.config.ts')])).toEqual([]);
  });
});
