-- The tables that `geoportal load osm` fills, as a flex output of osm2pgsql: the same objects, and
-- the columns that tags fill. It cannot cut streets at junctions, so a street here is a whole way.

local function table_of(name, kind, columns)
  table.insert(columns, {column = 'name', type = 'text'})
  table.insert(columns, {column = 'geom', type = kind, projection = 4326, not_null = true})
  return osm2pgsql.define_table{
    name = name, schema = 'plain', columns = columns,
    ids = {type = 'any', id_column = 'osm_id', type_column = 'osm_type'},
  }
end

local streets = table_of('streets', 'linestring', {
  {column = 'highway', type = 'text'}, {column = 'oneway', type = 'text'},
  {column = 'foot', type = 'boolean'}, {column = 'bicycle', type = 'boolean'},
  {column = 'car', type = 'boolean'}, {column = 'lit', type = 'boolean'},
  {column = 'surface', type = 'text'}, {column = 'maxspeed_kmh', type = 'real'},
  {column = 'width_m', type = 'real'}, {column = 'length_m', type = 'real'},
  {column = 'node_from', type = 'bigint'}, {column = 'node_to', type = 'bigint'},
  {column = 'bridge', type = 'boolean'}, {column = 'tunnel', type = 'boolean'},
  {column = 'main_road', type = 'boolean'},
})
local buildings = table_of('buildings', 'multipolygon', {
  {column = 'kind', type = 'text'}, {column = 'address', type = 'text'},
  {column = 'storeys', type = 'int'}, {column = 'height_m', type = 'real'},
  {column = 'year_built', type = 'int'}, {column = 'dwellings', type = 'int'},
  {column = 'residents', type = 'int'},
})
local service_points = table_of('service_points', 'point', {
  {column = 'service_class', type = 'text'}, {column = 'address', type = 'text'},
  {column = 'capacity', type = 'int'},
})
local street_lights = table_of('street_lights', 'point', {
  {column = 'lamp_id', type = 'text'}, {column = 'lamp_type', type = 'text'},
  {column = 'power_w', type = 'real'}, {column = 'height_m', type = 'real'},
  {column = 'state', type = 'text'}, {column = 'installed_year', type = 'int'},
})
local green_areas = table_of('green_areas', 'multipolygon', {
  {column = 'kind', type = 'text'}, {column = 'area_m2', type = 'real'},
  {column = 'public', type = 'boolean'},
})

local function set(text)
  local found = {}
  for word in text:gmatch('%S+') do found[word] = true end
  return found
end

local NO_STREET = set('proposed construction abandoned disused razed demolished planned platform '
  .. 'bus_stop rest_area services raceway elevator emergency_bay no')
local ON_FOOT, MAIN = set('pedestrian footway steps'), set('motorway trunk primary secondary tertiary')
local NO_CAR = set('pedestrian footway path steps cycleway track')
local NO_BUILDING = set('no entrance demolished razed proposed construction')
local HOMES = set('apartments residential house detached semidetached_house semi terrace dormitory '
  .. 'bungalow cabin farm static_caravan allotment_house')
local SERVICES = set('school kindergarten childcare clinic hospital doctors pharmacy post_office '
  .. 'marketplace bus_station library bank townhall public_building police fire_station '
  .. 'community_centre theatre cinema arts_centre social_facility nursing_home university college '
  .. 'courthouse dentist veterinary')
local HEALTHCARE = set('clinic doctor hospital centre pharmacy')
local LEISURE = set('playground sports_centre sports_hall stadium fitness_centre fitness_station '
  .. 'pitch ice_rink swimming_pool')
local NO_SHOP, RAIL = set('no vacant disused'), set('tram_stop halt station')
local PARKS = {leisure = set('park recreation_ground garden playground'),
  landuse = set('recreation_ground grass village_green forest cemetery'),
  natural = set('wood'), amenity = set('grave_yard')}

local function number(text)
  return text and tonumber(text:match('^%s*(%d+%.?%d*)'))
end

local function whole(text)
  local value = number(text)
  return value and math.ceil(value)
end

local function year(text)
  return text and tonumber(text:match('^(%d%d%d%d)'))
end

local function flag(text)
  if text == nil then return nil end
  return text ~= 'no' and text ~= 'false' and text ~= '0'
end

local function address(tags)
  local street, house = tags['addr:street'] or tags['addr:place'], tags['addr:housenumber']
  if street and house then return street .. ', ' .. house end
  return street or house
end

local function service_class(tags)
  if tags.access == 'private' or tags.access == 'no' then return nil end
  if tags.public_transport ~= 'stop_position' and (tags.highway == 'bus_stop'
      or RAIL[tags.railway] or tags.public_transport == 'platform') then
    return 'stop'
  end
  if SERVICES[tags.amenity] then return tags.amenity end
  if HEALTHCARE[tags.healthcare] then return tags.healthcare end
  if LEISURE[tags.leisure] then return tags.leisure end
  if tags.shop and not NO_SHOP[tags.shop] then return 'shop' end
end

local function green_kind(tags)
  for key, values in pairs(PARKS) do
    if values[tags[key]] then return tags[key] end
  end
end

local function add_service(tags, point)
  service_points:insert{
    service_class = service_class(tags), name = tags.name, address = address(tags),
    capacity = whole(tags.capacity), geom = point,
  }
end

local function add_areas(tags, shape)
  if tags.building and not NO_BUILDING[tags.building] then
    buildings:insert{
      kind = HOMES[tags.building] and 'residential' or tags.building, name = tags.name,
      address = address(tags), storeys = whole(tags['building:levels']),
      height_m = number(tags.height), year_built = year(tags.start_date),
      dwellings = whole(tags['building:flats']), residents = whole(tags.residents), geom = shape(),
    }
  end
  if service_class(tags) then add_service(tags, shape():centroid()) end
  local kind = green_kind(tags)
  if kind then
    local made = shape()
    green_areas:insert{
      kind = kind, name = tags.name, public = tags.access ~= 'private',
      area_m2 = made:transform(3857):area(), geom = made,
    }
  end
end

function osm2pgsql.process_node(object)
  local tags = object.tags
  if service_class(tags) then add_service(tags, object:as_point()) end
  if tags.highway == 'street_lamp' then
    street_lights:insert{
      lamp_id = tags.ref, lamp_type = tags['light:method'], power_w = number(tags['light:power']),
      height_m = number(tags.height), state = 'unknown', installed_year = year(tags.start_date),
      geom = object:as_point(),
    }
  end
end

function osm2pgsql.process_way(object)
  local tags = object.tags
  if tags.highway and not NO_STREET[tags.highway] then
    local line = object:as_linestring()
    streets:insert{
      name = tags.name, highway = tags.highway, oneway = tags.oneway or 'no',
      foot = tags.foot ~= 'no', bicycle = not ON_FOOT[tags.highway],
      car = not NO_CAR[tags.highway], lit = flag(tags.lit), surface = tags.surface,
      maxspeed_kmh = number(tags.maxspeed), width_m = number(tags.width),
      length_m = line:transform(3857):length(), node_from = object.nodes[1],
      node_to = object.nodes[#object.nodes], bridge = flag(tags.bridge) or false,
      tunnel = flag(tags.tunnel) or false, main_road = MAIN[tags.highway] or false, geom = line,
    }
  end
  if object.is_closed then
    add_areas(tags, function() return object:as_multipolygon() end)
  end
end

function osm2pgsql.process_relation(object)
  if object.tags.type == 'multipolygon' then
    add_areas(object.tags, function() return object:as_multipolygon() end)
  end
end
