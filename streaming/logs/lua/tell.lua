-- Show a notice to whoever reads the run: an entry between two positions. For its writer only.
-- KEYS: its entries, its state. ARGV: fence, notice. Returns as `append` does.
local fence, top, over = unpack(redis.call('HMGET', KEYS[2], 'fence', 'top', 'over'))
if over or (fence and tonumber(fence) > tonumber(ARGV[1])) then
  return {1, ''}
end
if not fence or tonumber(fence) < tonumber(ARGV[1]) then
  return {2, ''}
end
local number = redis.call('HINCRBY', KEYS[2], 'notices', 1)
redis.call('XADD', KEYS[1], top .. '-' .. number, 'n', ARGV[2])
redis.call('PEXPIRE', KEYS[1], redis.call('PTTL', KEYS[2]))
return {0, ''}
