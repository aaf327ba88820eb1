-- Gives an agent's slots back: they are finished with these contacts. The tickets stay theirs.
-- KEYS as in prelude.lua
-- ARGV 3 agent   4… tickets (the caller bounds their number)
-- Returns {'OK'}, then for each {'FREED'|'GONE'}; GONE: the agent had no slot taken for it (any more)
local out = {{'OK'}}
for at = 4, #ARGV do
  local holder = holder_of(ARGV[at])
  if holder and holder[KIND] == 'H' and holder[AGENT] == ARGV[3] then
    give_back_slot(holder)
    holder[KIND] = 'F'
    save_holder(ARGV[at], holder)
    out[#out + 1] = {'FREED'}
  else
    out[#out + 1] = {'GONE'}
  end
end
return out
