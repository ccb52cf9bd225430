-- Replace a log by what its writer has of it: after a loss, or when its older events have been merged.
-- KEYS: its entries, its state. ARGV: fence, writer, top, ended?, milliseconds to keep it, then for each entry
-- position, name, after, events. Returns as `append` does.
local fence, over, stop = unpack(redis.call('HMGET', KEYS[2], 'fence', 'over', 'stop'))
local mine = tonumber(ARGV[1])
if over == 'closed' or (fence and tonumber(fence) > mine) or (over and tonumber(fence) < mine) then
  return {1, ''}
end
redis.call('DEL', KEYS[1])
for at = 6, #ARGV, 4 do
  redis.call('XADD', KEYS[1], ARGV[at] .. '-0', 'a', ARGV[at + 2], ARGV[at + 1], ARGV[at + 3])
end
redis.call('HSET', KEYS[2], 'fence', ARGV[1], 'writer', ARGV[2], 'top', ARGV[3])
if ARGV[4] == '1' then
  redis.call('HSET', KEYS[2], 'over', 'ended')
end
redis.call('PEXPIRE', KEYS[1], ARGV[5])
redis.call('PEXPIRE', KEYS[2], ARGV[5])
return {0, stop or ''}
