-- Takes a batch off exfild's list at once, as Logstash's redis input does.
-- redis-cli EVAL "$(cat pop.lua)" 1 exfild:alerts:list 125
local batch = redis.call('LRANGE', KEYS[1], 0, ARGV[1] - 1)
redis.call('LTRIM', KEYS[1], #batch, -1)
return batch
