import fastify from 'fastify';
import { Pool } from 'undici';

// The same as floors/node-undici.mjs on Fastify, which the gateway stands on.
const pool = new Pool(process.env.UPSTREAM, { connections: 512, pipelining: 1 });
const spendByKey = new Map([[process.env.KEY, { tokens: 0 }]]);
const app = fastify({ logger: false, bodyLimit: 10 * 1024 * 1024 });

app.post('/v1/chat/completions', async (request, reply) => {
  const account = spendByKey.get((request.headers.authorization ?? '').slice('Bearer '.length));
  if (!account) return reply.code(401).send({ error: 'key' });
  const headers = { 'content-type': 'application/json', authorization: 'Bearer sk-upstream' };
  const body = JSON.stringify(request.body);
  const upstream = await pool.request({ path: request.url, method: 'POST', headers, body });
  if (request.body.stream) return reply.header('content-type', 'text/event-stream').send(upstream.body);
  const answer = Buffer.from(await upstream.body.arrayBuffer());
  account.tokens += JSON.parse(answer).usage.total_tokens;
  return reply.code(upstream.statusCode).header('content-type', 'application/json').send(answer);
});

process.on('disconnect', () => process.exit());
await app.listen({ port: 0, host: '127.0.0.1', backlog: 4096 });
process.send({ port: app.server.address().port });
