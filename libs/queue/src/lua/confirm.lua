-- Records that ticketing gave tickets to agents. Ticketing has decided, so this also takes a ticket from a later lease of somebody else;
-- only news of a newer generation is stronger.
-- KEYS as in prelude.lua
-- ARGV 3… for each ticket (the caller bounds their number): ticket, token of the offer, agent, channel, generation after the assignment
-- Returns {'OK'}, then for each ticket {'HELD'|'STALE', token, agent} of the ticket's earlier lease by another agent, '' when there was none
local out = {{'OK'}}
for at = 3, #ARGV, 5 do
  local ticket, token, agent, channel, generation = ARGV[at], ARGV[at + 1], ARGV[at + 2], ARGV[at + 3], tonumber(ARGV[at + 4])
  local item, holder = item_of(ticket), holder_of(ticket)
  local row = {'HELD', '', ''}
  if (holder and holder[HGENERATION] > generation) or (item and item[GENERATION] >= generation) then
    row[1] = 'STALE'
  else
    if item then
      note_pace(item)
      forget_item(ticket, item)
    end
    if holder and holder[AGENT] == agent then
      if holder[KIND] == 'L' then
        keep(ticket, holder, generation)
      end
    else
      if holder then
        if holder[KIND] == 'L' then
          row[2], row[3] = holder[TOKEN], holder[AGENT]
        end
        drop_holder(ticket, holder)
      end
      hold(ticket, generation, agent, channel, token)
    end
  end
  out[#out + 1] = row
end
return out
