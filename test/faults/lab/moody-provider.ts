import { setTimeout as pause } from 'node:timers/promises';
import { answerStatus, answerStream, answerWhole, type Behaviour } from '../../engines/scripted-upstream.js';
import type { Dice } from './dice.js';

/** Callers whose `user` starts so are always answered: what a probe is refused is the gateway's doing. */
export const PROBE = 'probe';

/** Pieces of the answer to a user: nobody else may ever get them. */
export const piecesFor = (user: string, count: number): string[] =>
  Array.from({ length: count }, (_, index) => `${user}:${index} `);

/** A provider as providers are: slow now and then, sometimes over its limits, broken, or breaking off. */
export function moodyProvider(dice: Dice): Behaviour {
  const calm = calmProvider(dice);
  return (call, response) => {
    const user = String(call.body['user']);
    const mood = user.startsWith(PROBE) ? 1 : dice.next();
    if (mood < 0.02) return answerStatus(500, { error: { message: 'out of order' } })(call, response);
    if (mood < 0.03) return answerStatus(429, { error: { message: 'slow down' } })(call, response);
    if (mood > 0.05 || call.body.stream !== true) return calm(call, response);
    const pieces = piecesFor(user, dice.between(1, 12));
    return answerStream(pieces, { cutAfter: dice.between(0, pieces.length) })(call, response);
  };
}

/** Answers everybody in full, after a while that differs; now and then at once, before any disk does. */
export function calmProvider(dice: Dice): Behaviour {
  return async (call, response) => {
    const pieces = piecesFor(String(call.body['user']), dice.between(1, 12));
    const isAtOnce = dice.oneIn(6);
    if (call.body.stream === true)
      return answerStream(pieces, { gapMs: isAtOnce ? 0 : dice.between(2, 50) })(call, response);
    if (!isAtOnce) await pause(dice.between(10, 400));
    return answerWhole(pieces.join(''))(call, response);
  };
}
