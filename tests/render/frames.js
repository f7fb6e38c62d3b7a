// Data frames from Prometheus' responses, as in Grafana: transformed, with the field settings applied.
import {
  FieldConfigOptionsRegistry,
  FieldType,
  applyFieldOverrides,
  createTheme,
  identityOverrideProcessor,
  standardTransformers,
  standardTransformersRegistry,
  toDataFrame,
  transformDataFrame,
} from '@grafana/data';
import { firstValueFrom } from 'rxjs';

const mode = new URLSearchParams(window.location.search).get('theme') ?? 'dark';
export const theme = createTheme({ colors: { mode } });

const known = new Set();
standardTransformersRegistry.setInit(() =>
  Object.values(standardTransformers)
    .filter((one) => !known.has(one.id) && known.add(one.id))
    .map((one) => ({ id: one.id, name: one.id, transformation: async () => one }))
);

// Settings that panels use; the core of Grafana registers them together with their editors.
const STANDARD = ['unit', 'decimals', 'min', 'max', 'displayName', 'noValue', 'color', 'thresholds', 'mappings', 'links'];
const CUSTOM = ['width', 'minWidth', 'cellOptions', 'fillOpacity', 'lineWidth', 'stacking', 'showPoints', 'pointSize', 'align'];
const registry = new FieldConfigOptionsRegistry();
registry.setInit(() => [
  ...STANDARD.map((id) => setting(id, id, false)),
  ...CUSTOM.map((id) => setting(`custom.${id}`, id, true)),
]);

function setting(id, path, isCustom) {
  return { id, path, isCustom, name: id, process: identityOverrideProcessor, shouldApply: () => true, settings: {} };
}

export async function framesOf(panel, answers) {
  const raw = panel.targets.flatMap((target) => toFrames(target, answers[target.refId], panel.targets.length > 1));
  const steps = panel.transformations ?? [];
  const data = steps.length ? await firstValueFrom(transformDataFrame(steps, raw)) : raw;
  const defaults = panel.fieldConfig.defaults;
  const made = applyFieldOverrides({
    data,
    fieldConfig: {
      defaults: {
        ...defaults,
        color: defaults.color ?? { mode: 'palette-classic' },
        thresholds: defaults.thresholds ?? { mode: 'absolute', steps: [{ value: -Infinity, color: 'green' }] },
      },
      overrides: panel.fieldConfig.overrides ?? [],
    },
    replaceVariables: (text) => text,
    theme,
    fieldConfigRegistry: registry,
    timeZone: 'utc',
  });
  for (const field of made.flatMap((frame) => frame.fields)) {
    field.config.custom = { ...defaults.custom, ...field.config.custom };
    const steps = field.config.thresholds?.steps;
    if (steps?.length && steps[0].value === null) {
      steps[0] = { ...steps[0], value: -Infinity }; // JSON has no infinity
    }
  }
  return made;
}

function toFrames(target, result, isOneOfMany) {
  if (target.format === 'table') {
    return [tableOf(target, result, isOneOfMany)];
  }
  return result.map((series) => {
    const points = series.values ?? [series.value];
    const value = {
      name: 'Value',
      type: FieldType.number,
      labels: series.metric,
      values: points.map((point) => Number(point[1])),
      config: { displayNameFromDS: legendOf(target, series.metric) },
    };
    const times = { name: 'Time', type: FieldType.time, values: points.map((point) => point[0] * 1000), config: {} };
    return toDataFrame({ refId: target.refId, fields: [times, value] });
  });
}

function tableOf(target, result, isOneOfMany) {
  if (!result.length) {
    return toDataFrame({ refId: target.refId, fields: [] }); // as from Prometheus: other frames decide what a row is
  }
  const names = [...new Set(result.flatMap((row) => Object.keys(row.metric)))].filter((name) => name !== '__name__');
  const fields = names.map((name) => ({
    name,
    type: FieldType.string,
    values: result.map((row) => row.metric[name] ?? ''),
    config: {},
  }));
  const times = result.map((row) => row.value[0] * 1000);
  const values = result.map((row) => Number(row.value[1]));
  fields.unshift({ name: 'Time', type: FieldType.time, values: times, config: {} });
  const name = isOneOfMany ? `Value #${target.refId}` : 'Value';
  fields.push({ name, type: FieldType.number, values, config: {} });
  return toDataFrame({ refId: target.refId, fields });
}

function legendOf(target, metric) {
  if (target.legendFormat !== '__auto') {
    return target.legendFormat.replace(/\{\{\s*(\w+)\s*\}\}/g, (_, name) => metric[name] ?? '');
  }
  return Object.values(metric).join(', ') || 'Value';
}
