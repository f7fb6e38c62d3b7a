// A map of our own: Grafana's map panel is not on npm. Size, colour and text come from the frame, as in Grafana.
import { geoGraticule10, geoMercator, geoPath } from 'd3-geo';
import { feature } from 'topojson-client';
import { theme } from './frames.js';
import countries from 'world-atlas/countries-110m.json';

const WORLD = feature(countries, countries.objects.countries);

// The view "fit": all markers with some space around them, no closer than `zoom`; as Grafana's panel does it.
function fitted({ padding, zoom }, longitudes, latitudes, width, height) {
  const unit = geoMercator().scale(1 / (2 * Math.PI)).translate([0, 0]);
  const points = longitudes.map((longitude, row) => unit([longitude, latitudes[row]]));
  const [left, right] = extent(points.map(([x]) => x));
  const [top, bottom] = extent(points.map(([, y]) => y));
  const pixels = Math.min(width / (right - left), height / (bottom - top)) / (1 + padding / 100);
  const world = Math.min(pixels, 256 * 2 ** zoom);
  const middle = unit.invert([(left + right) / 2, (top + bottom) / 2]);
  return geoMercator().scale(world / (2 * Math.PI)).center(middle).translate([width / 2, height / 2]);
}

function extent(values) {
  return [Math.min(...values), Math.max(...values)];
}

export function WorldMap({ options, frames, width, height }) {
  const [frame] = frames;
  const [{ config, location }] = options.layers;
  const field = (name) => frame.fields.find((one) => (one.config.displayName ?? one.name) === name);
  const projection = fitted(options.view, field(location.longitude).values, field(location.latitude).values, width, height);
  const path = geoPath(projection);
  const sizes = field(config.style.size.field);
  const colours = field(config.style.color.field);
  const texts = field(config.style.text.field);
  const most = Math.max(...sizes.values);
  const { min, max } = config.style.size;
  return (
    <svg width={width} height={height}>
      <path d={path(geoGraticule10())} fill="none" stroke={theme.colors.border.weak} />
      <path d={path(WORLD)} fill={options.basemap.config.style.color.fixed} fillOpacity={options.basemap.config.style.opacity} stroke={theme.colors.background.primary} />
      {field(location.latitude).values.map((latitude, row) => {
        const [x, y] = projection([field(location.longitude).values[row], latitude]);
        return (
          <g key={row}>
            <circle data-place={texts.values[row]} data-value={colours.values[row]} cx={x} cy={y} r={min + (max - min) * (sizes.values[row] / most)} fill={colours.display(colours.values[row]).color} fillOpacity={config.style.opacity} />
            <text x={x} y={y + config.style.textConfig.offsetY - 4} fontSize={config.style.textConfig.fontSize} textAnchor="middle" fill={theme.colors.text.primary}>
              {texts.values[row]}
            </text>
          </g>
        );
      })}
    </svg>
  );
}
