const PROMPT = 'The quick brown fox jumps over it. '.repeat(12).slice(0, 400);

/** A chat request of some 400 bytes of prompt, as bytes on the wire. */
export function chatRequest({ port, key, model, stream }) {
  const body = JSON.stringify({
    model,
    messages: [{ role: 'user', content: PROMPT }],
    max_tokens: 200,
    ...(stream && { stream: true, stream_options: { include_usage: true } }),
  });
  const head = [
    'POST /v1/chat/completions HTTP/1.1',
    `Host: 127.0.0.1:${port}`,
    `Authorization: Bearer ${key}`,
    'Content-Type: application/json',
    `Content-Length: ${Buffer.byteLength(body)}`,
  ];
  return Buffer.from(`${head.join('\r\n')}\r\n\r\n${body}`);
}
