-- Ends a rebuild: writes the feed position that the loaded pages reflect and, last, the mark that says the queues are complete.
-- KEYS as in prelude.lua
-- ARGV 3 token of the rebuilder   4 position ('' = give the right up, the queues stay incomplete)   5 cursor
-- Returns {'OK'} | {'LOST'} (another one took over)
if meta[5] ~= ARGV[3] then
  return {{'LOST'}}
end
call('HDEL', META, 'rebuild', 'rebuild_until')
if ARGV[4] == '' then
  return {{'OK'}}
end
call('HSET', META, 'seq', ARGV[4], 'cursor', ARGV[5])
call('HSET', META, 'complete', ARGV[3])
return {{'OK'}}
