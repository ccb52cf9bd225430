-- Forget a run, words and all. A mark stays for a while: it wakes who waits for more, and refuses who would write.
-- KEYS: its entries, its state. ARGV: run, milliseconds to keep the mark, the start of a bell's name, and its length.
local writer = redis.call('HGET', KEYS[2], 'writer')
redis.call('DEL', KEYS[1], KEYS[2])
redis.call('HSET', KEYS[2], 'over', 'closed')
redis.call('PEXPIRE', KEYS[2], ARGV[2])
redis.call('XADD', KEYS[1], '18446744073709551615-1', 'c', '1')
redis.call('PEXPIRE', KEYS[1], ARGV[2])
if writer then
  redis.call('XADD', ARGV[3] .. writer, 'MAXLEN', '~', ARGV[4], '*', 'close', ARGV[1])
  redis.call('PEXPIRE', ARGV[3] .. writer, ARGV[2])
end
return 1
