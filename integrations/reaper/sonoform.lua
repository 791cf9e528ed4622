-- Sonoform for Reaper: asks a running Sonoform for a sound and puts it at the cursor, or over the time selection.
-- Actions > Show action list > New action > Load ReaScript. It needs curl, which comes with Windows 10, macOS and Linux.
-- Another server than the one below: reaper.SetExtState("Sonoform", "server", "http://HOST:PORT", true).

local SERVER = "http://127.0.0.1:8501"
local TIMEOUT_MS = 60000
local LONGEST = 60 -- seconds that a sound may last
local SEEDS = 4294967295

-- JSON -----------------------------------------------------------------------------------------------------------------

local ESCAPES = { b = "\b", f = "\f", n = "\n", r = "\r", t = "\t" }

-- A string from its first sign on; it, and the place behind its closing quote.
local function text_at(text, at)
  local parts = {}
  while text:sub(at, at) ~= '"' do
    if at > #text then error("the server's answer breaks off", 0) end
    local plain, behind = text:match('^([^"\\]+)()', at)
    local sign = text:sub(at + 1, at + 1)
    if plain then
      parts[#parts + 1], at = plain, behind
    elseif sign == "u" then
      parts[#parts + 1], at = utf8.char(tonumber(text:sub(at + 2, at + 5), 16)), at + 6
    else
      parts[#parts + 1], at = ESCAPES[sign] or sign, at + 2
    end
  end
  return table.concat(parts), at + 1
end

local value -- of JSON, at a place in a text; returns it and the place behind it

local function items(text, at, close, read)
  local found = {}
  at = text:match("^%s*()", at)
  while text:sub(at, at) ~= close do
    at = read(found, at)
    at = text:match("^%s*,?%s*()", at)
    if at > #text then error("the server's answer breaks off", 0) end
  end
  return found, at + 1
end

function value(text, at)
  at = text:match("^%s*()", at)
  local sign = text:sub(at, at)
  if sign == "{" then
    return items(text, at + 1, "}", function(found, place)
      local key, behind = value(text, place)
      found[key], behind = value(text, text:match("^%s*:()", behind))
      return behind
    end)
  elseif sign == "[" then
    return items(text, at + 1, "]", function(found, place)
      local one, behind = value(text, place)
      found[#found + 1] = one == nil and false or one
      return behind
    end)
  elseif sign == '"' then
    return text_at(text, at + 1)
  end
  local word, behind = text:match("^([%w%+%-%.]+)()", at)
  if word == "true" or word == "false" then return word == "true", behind end
  return tonumber(word), behind -- nil for null
end

local function quoted(text)
  return '"' .. text:gsub('[%c"\\]', function(sign) return ("\\u%04x"):format(sign:byte()) end) .. '"'
end

-- The server -------------------------------------------------------------------------------------------------------------

local function server()
  local kept = reaper.GetExtState("Sonoform", "server")
  return kept ~= "" and kept or SERVER
end

local function read(path)
  local file = io.open(path, "rb")
  if not file then return "" end
  local text = file:read("a")
  file:close()
  return text
end

-- Writes what an address answers to a file; errors with one sentence. body: JSON that is posted, or nil.
local function fetch(address, body, path)
  local command = ('curl -s -o "%s" -w "%%{http_code}" "%s%s"'):format(path, server(), address)
  local asked = path .. ".json"
  if body then
    local file = io.open(asked, "wb")
    if not file then error("The folder of the project cannot be written to: save the project first.", 0) end
    file:write(body)
    file:close()
    command = command .. (' -H "Content-Type: application/json" --data-binary "@%s"'):format(asked)
  end
  local answer = reaper.ExecProcess(command, TIMEOUT_MS) or ""
  os.remove(asked)
  local code = answer:match("(%d%d%d)%s*$")
  if code == "200" then return end
  local told = read(path)
  os.remove(path)
  if code == nil or code == "000" then
    error("Sonoform does not answer at " .. server() .. ": start it with `sonoform serve`, then run this again.", 0)
  end
  local refused, sentence = pcall(function() return value(told, 1).error end)
  error("Sonoform refuses: " .. (refused and sentence or "status " .. code), 0)
end

local function models()
  local path = os.tmpname()
  fetch("/models", nil, path)
  local found = value(read(path), 1).models
  os.remove(path)
  if #found == 0 then error("Sonoform has no models: take some in with `sonoform models --install PATH`.", 0) end
  return found
end

-- What the hand chooses ----------------------------------------------------------------------------------------------------

local function spoken(name)
  return (name:gsub("_", " "):gsub("[|#!<>]", " "))
end

-- A menu of all categories by model; model and category, or nil.
local function chosen(found)
  local entries, places = {}, {}
  for _, model in ipairs(found) do
    local names = {}
    for i, category in ipairs(model.categories) do
      names[#names + 1] = (i == #model.categories and "<" or "") .. spoken(category)
      places[#places + 1] = { model.id, category }
    end
    if #names > 0 then entries[#entries + 1] = ">" .. spoken(model.title or model.id) .. "|" .. table.concat(names, "|") end
  end
  gfx.init("Sonoform", 0, 0)
  gfx.x, gfx.y = gfx.mouse_x, gfx.mouse_y
  local place = places[gfx.showmenu(table.concat(entries, "|"))]
  gfx.quit()
  if place then return place[1], place[2] end
end

-- "Brightness=2 Rate=-1" -> JSON; errors with one sentence.
local function sliders(text)
  local pairs_found = {}
  for part in text:gmatch("[^;]+") do
    local name, number = part:match("^%s*(.-)%s*=%s*([%+%-]?[%d%.]+)%s*$")
    if not name or not tonumber(number) then
      error("Sliders are NAME=NUMBER, with ; between two, such as Brightness=2; Rate=-1.", 0)
    end
    pairs_found[#pairs_found + 1] = quoted(name) .. ":" .. tonumber(number)
  end
  return "{" .. table.concat(pairs_found, ",") .. "}"
end

-- Into the project ---------------------------------------------------------------------------------------------------------

local function free(stem)
  local folder, path, count = reaper.GetProjectPath(), nil, 0
  repeat
    path = folder .. "/" .. stem .. (count > 0 and "_" .. count or "") .. ".wav"
    count = count + 1
  until not reaper.file_exists(path)
  return path
end

local function put(path, from, to, notes)
  local track = reaper.GetSelectedTrack(0, 0) or reaper.GetLastTouchedTrack()
  if not track then
    reaper.InsertTrackAtIndex(reaper.CountTracks(0), true)
    track = reaper.GetTrack(0, reaper.CountTracks(0) - 1)
  end
  local item = reaper.AddMediaItemToTrack(track)
  local take = reaper.AddTakeToMediaItem(item)
  local source = reaper.PCM_Source_CreateFromFile(path)
  reaper.SetMediaItemTake_Source(take, source)
  local length = reaper.GetMediaSourceLength(source)
  reaper.SetMediaItemInfo_Value(item, "D_POSITION", from)
  reaper.SetMediaItemInfo_Value(item, "D_LENGTH", to > from and math.min(to - from, length) or length)
  reaper.GetSetMediaItemInfo_String(item, "P_NOTES", notes, true)
  reaper.GetSetMediaItemTakeInfo_String(take, "P_NAME", path:match("([^/\\]+)%.wav$"), true)
end

local function run()
  local model, category = chosen(models())
  if not model then return end
  local asked, answer = reaper.GetUserInputs("Sonoform", 2, "Seed (empty: any),Sliders,extrawidth=160,separator=|", "|")
  if not asked then return end
  local seed_text, slider_text = answer:match("^(.-)|(.*)$")
  local seed = seed_text == "" and math.random(0, SEEDS) or math.tointeger(tonumber(seed_text))
  if not seed or seed < 0 or seed > SEEDS then error("The seed is a whole number up to 4294967295, or empty for any.", 0) end
  local from, to = reaper.GetSet_LoopTimeRange(false, false, 0, 0, false)
  local over = to > from
  if over and to - from > LONGEST then error("A sound lasts 60 s at most: select less.", 0) end
  local body = ('{"model":%s,"category":%s,"seed":%d,"sliders":%s%s}'):format(
    quoted(model), quoted(category), seed, sliders(slider_text), over and (',"length":%.3f'):format(to - from) or ""
  )
  local path = free(("%s_%s_s%d"):format(model, category, seed))
  fetch("/infer", body, path)
  reaper.Undo_BeginBlock()
  put(path, over and from or reaper.GetCursorPosition(), over and to or 0, "Sonoform " .. body)
  reaper.Undo_EndBlock("Sonoform: " .. spoken(category), -1)
  reaper.UpdateArrange()
end

local fine, sentence = pcall(run)
if not fine then reaper.ShowMessageBox(tostring(sentence), "Sonoform", 0) end
