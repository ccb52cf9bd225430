-- All that there is of a log.
-- KEYS: its entries, its state. Returns: fence (empty if there is no such log), entries.
local fence, over = unpack(redis.call('HMGET', KEYS[2], 'fence', 'over'))
if not fence or over == 'closed' then
  return {'', {}}
end
return {fence, redis.call('XRANGE', KEYS[1], '-', '+')}
