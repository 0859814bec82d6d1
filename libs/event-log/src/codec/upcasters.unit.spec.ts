import { Type } from 'typebox';
import { defineEvent } from '#contracts';
import { Upcasters, type Upcaster } from './upcasters.js';

const Parked = defineEvent('CarParked', 3, { place: Type.String(), minutes: Type.Integer() });

const renamePlace: Upcaster = { type: 'CarParked', from: 1, upcast: ({ spot, ...rest }) => ({ ...rest, place: spot }) };
const hoursToMinutes: Upcaster = {
  type: 'CarParked',
  from: 2,
  upcast: ({ hours, ...rest }) => ({ ...rest, minutes: Number(hours) * 60 }),
};

describe('upcasters', () => {
  it('lift a payload through every version in between', () => {
    const upcasters = new Upcasters([hoursToMinutes, renamePlace]);
    expect(upcasters.lift(Parked, 1, { spot: 'A1', hours: 2 })).toEqual({ place: 'A1', minutes: 120 });
    expect(upcasters.lift(Parked, 2, { place: 'A1', hours: 2 })).toEqual({ place: 'A1', minutes: 120 });
  });

  it('leave a current payload as it is', () => {
    const data = { place: 'A1', minutes: 120 };
    expect(new Upcasters([]).lift(Parked, 3, data)).toBe(data);
  });

  it('are complete when a chain leads from every version to the current one', () => {
    expect(() => new Upcasters([renamePlace, hoursToMinutes]).assertComplete([Parked])).not.toThrow();
    expect(() => new Upcasters([renamePlace]).assertComplete([Parked])).toThrow('from CarParked v2');
  });

  it('may not be two for one step', () => {
    expect(() => new Upcasters([renamePlace, renamePlace])).toThrow('two upcasters from CarParked v1');
  });
});
