import { AnswerReused } from './answer-reused.event.js';
import { BreakerClosed, BreakerOpened } from './breaker.event.js';
import { BudgetCharged } from './budget-charged.event.js';
import { ProviderResponded } from './provider-responded.event.js';
import { RequestRouted } from './request-routed.event.js';

/** Closed list of every kind of fact. The log refuses what is not here. */
export const EVENT_CATALOGUE = {
  RequestRouted,
  ProviderResponded,
  BudgetCharged,
  BreakerOpened,
  BreakerClosed,
  AnswerReused,
} as const;
export type EventType = keyof typeof EVENT_CATALOGUE;
