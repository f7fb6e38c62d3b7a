// The panel types, drawn by Grafana's own components with the options in the dashboard.
import { getDisplayProcessor, getDisplayValueAlignmentFactors, getFieldDisplayValues, sortDataFrame } from '@grafana/data';
import { BarGauge, BigValue, TimeSeries, VizRepeater } from '@grafana/ui';
import { TableNG } from '@grafana/ui/unstable';
import { WorldMap } from './map.jsx';
import { theme } from './frames.js';

export function Panel({ panel, frames, when, width, height }) {
  const Kind = KINDS[panel.type];
  const rows = frames.reduce((sum, frame) => sum + frame.length, 0);
  if (!rows && panel.type !== 'stat') {
    return <div style={{ padding: 16 }}>{panel.fieldConfig.defaults.noValue ?? 'No data'}</div>;
  }
  return <Kind options={panel.options} fieldConfig={panel.fieldConfig} frames={frames} when={when} width={width} height={height} />;
}

function valuesOf({ options, fieldConfig, frames }) {
  return getFieldDisplayValues({
    fieldConfig,
    reduceOptions: options.reduceOptions,
    replaceVariables: (text) => text,
    theme,
    data: frames,
    timeZone: 'utc',
  });
}

function Stat(props) {
  const { options, width, height } = props;
  return (
    <BigValue
      theme={theme} width={width} height={height} value={valuesOf(props)[0].display}
      colorMode={options.colorMode} graphMode={options.graphMode} justifyMode={options.justifyMode}
      textMode={options.textMode} text={options.text}
    />
  );
}

function Bars(props) {
  const { options, width, height } = props;
  return (
    <VizRepeater
      source={props.frames} getValues={() => valuesOf(props)} getAlignmentFactors={getDisplayValueAlignmentFactors} width={width} height={height} itemSpacing={8}
      orientation={options.orientation} minVizHeight={options.minVizHeight} maxVizHeight={options.maxVizHeight}
      renderValue={({ value, width, height, alignmentFactors }) => (
        <BarGauge
          theme={theme} width={width} height={height} orientation={options.orientation} value={value.display}
          field={value.field} display={value.view?.getFieldDisplayProcessor(value.colIndex)}
          displayMode={options.displayMode} namePlacement={options.namePlacement} showUnfilled={options.showUnfilled}
          valueDisplayMode={options.valueMode} alignmentFactors={alignmentFactors} itemSpacing={8} text={options.text}
        />
      )}
    />
  );
}

function Trend({ options, frames, when, width, height }) {
  const range = { from: new Date(when.begin_s * 1000), to: new Date(when.end_s * 1000) };
  const timeRange = { from: moment(range.from), to: moment(range.to), raw: { from: 'now-1m', to: 'now' } };
  return (
    <TimeSeries frames={frames} timeRange={timeRange} timeZone="utc" width={width} height={height} legend={options.legend} />
  );
}

function moment(date) {
  return { valueOf: () => date.getTime() };
}

function Rows({ options, fieldConfig, frames, width, height }) {
  const [frame] = frames;
  const names = frame.fields.map((field) => field.config.displayName ?? field.name);
  const order = (options.sortBy ?? []).filter((by) => names.includes(by.displayName)).reverse(); // sorting is stable
  const sorted = order.reduce((data, by) => sortDataFrame(data, names.indexOf(by.displayName), by.desc), frame);
  for (const field of sorted.fields) {
    field.display = getDisplayProcessor({ field, theme, timeZone: 'utc' });
    field.state = { ...field.state, displayName: field.config.displayName ?? field.name };
  }
  return (
    <TableNG
      data={sorted} width={width} height={height} cellHeight={options.cellHeight} fieldConfig={fieldConfig}
      getActions={() => []} structureRev={1} disableSanitizeHtml={false}
    />
  );
}

const KINDS = { bargauge: Bars, geomap: WorldMap, stat: Stat, table: Rows, timeseries: Trend };
