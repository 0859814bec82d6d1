import { findFloatingMoney, programOfFile, programOfProject } from './rules/money-rules.js';
import { readTree } from './source-tree.js';

describe('money', () => {
  it('never touches a float', () => {
    expect(findFloatingMoney(readTree(), programOfProject())).toEqual([]);
  });
});

describe('the money rule', () => {
  const findIn = (text: string, path = 'libs/ledger/src/planted.ts'): string[] => {
    const planted = { path, text };
    return findFloatingMoney([planted], programOfFile(planted));
  };

  it.each([
    'export interface Hold { readonly amountNanoUsd: number }',
    'export const ratePicoUsd = 3;',
    'export function charge(held_nano_usd: number | null) { return held_nano_usd; }',
    'export const share = 0.5;',
    "export const amount = parseFloat('1');",
    'export const half = (a: number, b: number) => a / b;',
  ])('finds %s', (text) => {
    expect(findIn(text)).toHaveLength(1);
  });

  it.each([
    'export interface Hold { readonly amountNanoUsd: bigint; readonly held_nano_usd: string | null }',
    'export const half = (nanoUsd: bigint) => nanoUsd / 2n;',
  ])('accepts %s', (text) => {
    expect(findIn(text)).toEqual([]);
  });

  it('leaves arithmetic outside the ledger alone', () => {
    expect(findIn('export const half = (a: number, b: number) => a / b;', 'libs/routing/src/planted.ts')).toEqual([]);
  });
});
