// Round numbers for an axis: from, to, and the steps between.
const STEPS = 5;

function scale(values, fromZero) {
  let low = Math.min(...values);
  let high = Math.max(...values);
  // A line may leave zero out where its values are far from it.
  if (fromZero || (low > 0 && low < high / 2)) low = Math.min(low, 0);
  if (fromZero || (high < 0 && high > low / 2)) high = Math.max(high, 0);
  if (low === high) [low, high] = [low - (Math.abs(low) / 2 || 1), high + (Math.abs(high) / 2 || 1)];
  const rough = (high - low) / STEPS;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((candidate) => candidate >= rough) ?? rough;
  const [first, last] = [Math.floor(low / step), Math.ceil(high / step)];
  const ticks = Array.from({ length: last - first + 1 }, (_, at) => (first + at) * step);
  return { low: first * step, high: last * step, ticks };
}

// The ticks' texts: short, and each another.
function tickTexts(ticks) {
  for (let digits = 1; digits < 15; digits += 1) {
    const format = new Intl.NumberFormat(undefined, { notation: "compact", maximumSignificantDigits: digits });
    const texts = ticks.map((tick) => format.format(tick));
    const exact = ticks.every((tick) => Math.abs(Number(tick.toPrecision(digits)) - tick) <= Math.abs(tick) * 1e-9);
    if (exact && new Set(texts).size === texts.length) return texts;
  }
  return ticks.map(String);
}
