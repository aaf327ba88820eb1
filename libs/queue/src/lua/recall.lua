-- Gives contacts their trace back that a rebuild put into the queues without one: ticketing's list has none, its feed has.
-- KEYS as in prelude.lua
-- ARGV 3… for each contact (the caller bounds their number): ticket, generation, trace
-- Returns {'OK', number of contacts that got one}
local count = 0
for at = 3, #ARGV, 3 do
  local item = item_of(ARGV[at])
  if item and item[TRACE] == '' and item[GENERATION] == tonumber(ARGV[at + 1]) then
    item[TRACE] = ARGV[at + 2]
    save_item(ARGV[at], item)
    count = count + 1
  end
end
return {{'OK', text(count)}}
