-- Add events to a log: for its writer only, and only to its very end (I-3, I-4).
-- KEYS: its entries, its state. ARGV: fence, after, position, events, ended?, milliseconds to keep it.
-- Returns: 0 done, 1 somebody else's by now, 2 not as the writer left it; who asked the run to stop.
local fence, top, over, stop = unpack(redis.call('HMGET', KEYS[2], 'fence', 'top', 'over', 'stop'))
if over or (fence and tonumber(fence) > tonumber(ARGV[1])) then
  return {1, ''}
end
if not fence or tonumber(fence) < tonumber(ARGV[1]) or top ~= ARGV[2] then
  return {2, ''}
end
redis.call('XADD', KEYS[1], ARGV[3] .. '-0', 'a', ARGV[2], 'e', ARGV[4])
redis.call('HSET', KEYS[2], 'top', ARGV[3])
if ARGV[5] == '1' then
  redis.call('HSET', KEYS[2], 'over', 'ended')
end
redis.call('PEXPIRE', KEYS[1], ARGV[6])
redis.call('PEXPIRE', KEYS[2], ARGV[6])
return {0, stop or ''}
