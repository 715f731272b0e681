// A consumer group on exfild's stream with Node's redis client (npm install redis), as a SIEM's connector would be built.
//
// usage: node consumer.mjs [URL] [GROUP] [NAME]
//
// At least once: an alert is acknowledged when it has been handled. What a dead consumer of the group had taken and not
// acknowledged is taken over after IDLE_MS. Second copies are known by event.id. Ctrl-C ends it.
import { createClient } from 'redis'

const [url = 'redis://127.0.0.1:6379', group = 'siem', name = `consumer-${process.pid}`] = process.argv.slice(2)
const STREAM = process.env.EXFILD_STREAM ?? 'exfild:alerts'
const IDLE_MS = Number(process.env.IDLE_MS ?? 60000)
const SEEN_MAX = 100000

const client = createClient({ url })
client.on('error', (err) => console.error('redis:', err.message))
await client.connect()
try {
  await client.xGroupCreate(STREAM, group, '0', { MKSTREAM: true })
} catch (err) {
  if (!err.message.startsWith('BUSYGROUP')) throw err
}

const seen = new Set()
async function handle({ id, message }) {
  if (!seen.has(message.id)) {
    console.log(message.alert) // here: hand it to the SIEM, and come back only when it has it
    seen.add(message.id)
    if (seen.size > SEEN_MAX) seen.delete(seen.values().next().value)
  }
  await client.xAck(STREAM, group, id)
}

let running = true
process.on('SIGINT', () => { running = false })
process.on('SIGTERM', () => { running = false })
while (running) {
  const left = await client.xAutoClaim(STREAM, group, name, IDLE_MS, '0-0', { COUNT: 100 })
  for (const entry of left.messages) if (entry) await handle(entry)
  const got = await client.xReadGroup(group, name, { key: STREAM, id: '>' }, { COUNT: 100, BLOCK: 1000 })
  for (const stream of got ?? []) for (const entry of stream.messages) await handle(entry)
}
await client.quit()
