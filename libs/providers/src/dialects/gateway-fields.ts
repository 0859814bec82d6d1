/** Request fields that are said to the gateway, not to a provider; no dialect sends them on. */
export const GATEWAY_FIELDS: readonly string[] = ['optimization'];
