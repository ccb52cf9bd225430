-- Note that somebody wants this run to end, and tell its writer, if there is one already.
-- KEYS: its state. ARGV: run, by whom, milliseconds to keep the wish, the start of a bell's name, and its length.
if redis.call('HGET', KEYS[1], 'over') then
  return 0
end
redis.call('HSETNX', KEYS[1], 'stop', ARGV[2])
local fence, writer = unpack(redis.call('HMGET', KEYS[1], 'fence', 'writer'))
if not fence then
  redis.call('PEXPIRE', KEYS[1], ARGV[3])
  return 0
end
redis.call('XADD', ARGV[4] .. writer, 'MAXLEN', '~', ARGV[5], '*', 'stop', ARGV[1], 'by', redis.call('HGET', KEYS[1], 'stop'))
redis.call('PEXPIRE', ARGV[4] .. writer, ARGV[3])
return 1
