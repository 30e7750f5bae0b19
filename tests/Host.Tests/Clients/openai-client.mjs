// usage: openai-client.mjs BASE_URL MODEL TOKENS
// Holds 8 conversations of 2 turns at once, the second turn streamed, and then each again alone, the first turn streamed; prints what came as one JSON object.
import OpenAI from 'openai';

const [baseURL, model, tokens] = process.argv.slice(2);
const client = new OpenAI({ baseURL, apiKey: 'none', maxRetries: 0 });

async function say(messages, stream) {
  const body = { model, messages, temperature: 0, max_completion_tokens: Number(tokens) };
  if (!stream) {
    const answer = await client.chat.completions.create(body);
    return answer.choices[0].message.content;
  }
  let text = '', usage = null;
  for await (const chunk of await client.chat.completions.create({ ...body, stream: true, stream_options: { include_usage: true } })) {
    text += chunk.choices[0]?.delta?.content ?? '';
    usage = chunk.usage ?? usage;
  }
  if (!(usage?.completion_tokens > 0)) throw new Error('no usage at the end of a stream');
  return text;
}

async function converse(number, streamFirst) {
  const messages = [{ role: 'user', content: `Name the number ${number}.` }];
  const first = await say(messages, streamFirst);
  messages.push({ role: 'assistant', content: first }, { role: 'user', content: 'And the next one?' });
  return [first, await say(messages, !streamFirst)];
}

const numbers = [...Array(8).keys()];
const together = await Promise.all(numbers.map(n => converse(n, false)));
const alone = [];
for (const n of numbers) alone.push(await converse(n, true));
const models = [];
for await (const m of client.models.list()) models.push(m.id);
const completion = (await client.completions.create({ model, prompt: 'abc', max_tokens: 3, temperature: 0 })).choices[0].text;
const refused = await client.chat.completions.create({ model, messages: [], temperature: 0 }).then(() => null, e => ({ kind: e.constructor.name, status: e.status, param: e.param }));
console.log(JSON.stringify({ together, alone, models, completion, refused }));
