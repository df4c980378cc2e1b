// Functions of real numbers that WGSL does not have, or not precisely enough. Each is within a few units in the last place of float32.
export const math: Readonly<Record<string, string>> = {
  // NaN if either is NaN, which WGSL leaves open.
  real_min:
    'fn real_min(a: f32, b: f32) -> f32 { if (is_nan(a)) { return a; } if (is_nan(b)) { return b; } return min(a, b); }',
  real_max:
    'fn real_max(a: f32, b: f32) -> f32 { if (is_nan(a)) { return a; } if (is_nan(b)) { return b; } return max(a, b); }',
  real_sigmoid: 'fn real_sigmoid(x: f32) -> f32 { return 1.0 / (1.0 + exp(-x)); }',
}
