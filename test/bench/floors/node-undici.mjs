import { createServer } from 'node:http';
import { Pool } from 'undici';

// The least that any gateway in TypeScript does: know the key, read the request, forward it, read the usage. No
// framework, no ledger, no metrics.
const pool = new Pool(process.env.UPSTREAM, { connections: 512, pipelining: 1 });
const spendByKey = new Map([[process.env.KEY, { tokens: 0 }]]);

const server = createServer((request, response) => {
  const account = spendByKey.get((request.headers.authorization ?? '').slice('Bearer '.length));
  if (!account) return response.writeHead(401).end();
  const parts = [];
  request.on('data', (part) => parts.push(part));
  request.on('end', () => {
    forward({ path: request.url, bytes: Buffer.concat(parts), account, response }).catch(() => response.destroy());
  });
});

async function forward({ path, bytes, account, response }) {
  const body = JSON.parse(bytes);
  const headers = { 'content-type': 'application/json', authorization: 'Bearer sk-upstream' };
  const upstream = await pool.request({ path, method: 'POST', headers, body: JSON.stringify(body) });
  if (body.stream) return await forwardStream(upstream, account, response);
  const answer = Buffer.from(await upstream.body.arrayBuffer());
  account.tokens += JSON.parse(answer).usage.total_tokens;
  response.writeHead(upstream.statusCode, { 'content-type': 'application/json', 'content-length': answer.length });
  response.end(answer);
}

async function forwardStream(upstream, account, response) {
  response.writeHead(upstream.statusCode, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' });
  let usage;
  for await (const chunk of upstream.body) {
    if (chunk.includes('"usage":{')) usage = chunk;
    response.write(chunk);
  }
  account.tokens += Number(/"total_tokens":(\d+)/.exec(usage)?.[1]);
  response.end();
}

process.on('disconnect', () => process.exit());
server.listen(0, '127.0.0.1', 4096, () => process.send({ port: server.address().port }));
