-- Begin the log of a run, or take it over under a higher fence.
-- KEYS: its state. ARGV: fence, writer, milliseconds to keep it. Returns: refused?, its top, who asked it to stop.
local fence, over, stop = unpack(redis.call('HMGET', KEYS[1], 'fence', 'over', 'stop'))
if over or (fence and tonumber(fence) >= tonumber(ARGV[1])) then
  return {1, '0', ''}
end
redis.call('HSET', KEYS[1], 'fence', ARGV[1], 'writer', ARGV[2])
redis.call('HSETNX', KEYS[1], 'top', 0)
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return {0, redis.call('HGET', KEYS[1], 'top'), stop or ''}
