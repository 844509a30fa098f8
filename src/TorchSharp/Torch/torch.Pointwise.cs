namespace TorchSharp;

public static partial class torch
{
    /// <summary>Absolute value.</summary>
    public static Tensor abs(Tensor input) => input.abs();

    /// <summary>e^x.</summary>
    public static Tensor exp(Tensor input) => input.exp();

    /// <summary>e^x - 1, exact near 0.</summary>
    public static Tensor expm1(Tensor input) => input.expm1();

    /// <summary>Natural logarithm.</summary>
    public static Tensor log(Tensor input) => input.log();

    /// <summary>log(1 + x), exact near 0.</summary>
    public static Tensor log1p(Tensor input) => input.log1p();

    /// <summary>Logarithm to base 2.</summary>
    public static Tensor log2(Tensor input) => input.log2();

    /// <summary>Logarithm to base 10.</summary>
    public static Tensor log10(Tensor input) => input.log10();

    /// <summary>Hyperbolic tangent.</summary>
    public static Tensor tanh(Tensor input) => input.tanh();

    /// <summary>1 / (1 + e^-x).</summary>
    public static Tensor sigmoid(Tensor input) => input.sigmoid();

    /// <summary>Square root.</summary>
    public static Tensor sqrt(Tensor input) => input.sqrt();

    /// <summary>1 / sqrt(x).</summary>
    public static Tensor rsqrt(Tensor input) => input.rsqrt();

    /// <summary>x squared.</summary>
    public static Tensor square(Tensor input) => input.square();

    /// <summary>-x.</summary>
    public static Tensor neg(Tensor input) => input.neg();

    /// <summary>-1, 0 or 1.</summary>
    public static Tensor sign(Tensor input) => input.sign();

    /// <summary>Sine.</summary>
    public static Tensor sin(Tensor input) => input.sin();

    /// <summary>Cosine.</summary>
    public static Tensor cos(Tensor input) => input.cos();

    /// <summary>Largest integer not above x.</summary>
    public static Tensor floor(Tensor input) => input.floor();

    /// <summary>Rounded to decimals, halves to even.</summary>
    public static Tensor round(Tensor input, long decimals = 0L) => input.round(decimals);

    /// <summary>1 / x.</summary>
    public static Tensor reciprocal(Tensor input) => input.reciprocal();

    /// <summary>Error function.</summary>
    public static Tensor erf(Tensor input) => input.erf();

    /// <summary>True where x is neither infinite nor NaN.</summary>
    public static Tensor isfinite(Tensor tensor) => tensor.isfinite();

    /// <summary>True where x is NaN.</summary>
    public static Tensor isnan(Tensor input) => input.isnan();

    /// <summary>True where x is infinite.</summary>
    public static Tensor isinf(Tensor tensor) => tensor.isinf();

    /// <summary>Bitwise or logical complement.</summary>
    public static Tensor bitwise_not(Tensor input) => input.bitwise_not();

    /// <summary>True where both are non-zero.</summary>
    public static Tensor logical_and(Tensor left, Tensor right) => left.logical_and(right);

    /// <summary>True where either is non-zero.</summary>
    public static Tensor logical_or(Tensor left, Tensor right) => left.logical_or(right);

    /// <summary>Sum.</summary>
    public static Tensor add(Tensor left, Tensor right) => left.add(right);

    /// <summary>Sum.</summary>
    public static Tensor add(Tensor left, Scalar right) => left.add(right);

    /// <summary>left + alpha * right.</summary>
    public static Tensor add(Tensor left, Tensor right, Scalar alpha) => left.add(right, alpha);

    /// <summary>Difference.</summary>
    public static Tensor sub(Tensor left, Tensor right) => left.sub(right);

    /// <summary>Difference.</summary>
    public static Tensor sub(Tensor left, Scalar right) => left.sub(right);

    /// <summary>Product.</summary>
    public static Tensor mul(Tensor left, Tensor right) => left.mul(right);

    /// <summary>Product.</summary>
    public static Tensor mul(Tensor left, Scalar right) => left.mul(right);

    /// <summary>Quotient, rounded as asked.</summary>
    public static Tensor div(Tensor left, Tensor right, RoundingMode rounding_mode = RoundingMode.None) => left.div(right, rounding_mode);

    /// <summary>Quotient, rounded as asked.</summary>
    public static Tensor div(Tensor left, Scalar right, RoundingMode rounding_mode = RoundingMode.None) => left.div(right, rounding_mode);

    /// <summary>left^exponent.</summary>
    public static Tensor pow(Tensor left, Tensor exponent) => left.pow(exponent);

    /// <summary>left^exponent.</summary>
    public static Tensor pow(Tensor left, Scalar exponent) => left.pow(exponent);

    /// <summary>Remainder with the sign of the divisor.</summary>
    public static Tensor remainder(Tensor left, Tensor right) => left.remainder(right);

    /// <summary>Remainder with the sign of the divisor.</summary>
    public static Tensor remainder(Tensor left, Scalar right) => left.remainder(right);

    /// <summary>Larger of the two; NaN wins.</summary>
    public static Tensor maximum(Tensor input, Tensor other) => input.maximum(other);

    /// <summary>Smaller of the two; NaN wins.</summary>
    public static Tensor minimum(Tensor input, Tensor other) => input.minimum(other);

    /// <summary>Larger of the two; NaN loses.</summary>
    public static Tensor fmax(Tensor input, Tensor other) => input.fmax(other);

    /// <summary>Smaller of the two; NaN loses.</summary>
    public static Tensor fmin(Tensor input, Tensor other) => input.fmin(other);

    /// <summary>Angle of the point (other, input).</summary>
    public static Tensor atan2(Tensor input, Tensor other) => input.atan2(other);

    /// <summary>log(e^left + e^right) without overflow.</summary>
    public static Tensor logaddexp(Tensor left, Tensor right) => left.logaddexp(right);

    /// <summary>input + weight * (end - input).</summary>
    public static Tensor lerp(Tensor input, Tensor end, Tensor weight) => input.lerp(end, weight);

    /// <summary>input + value * tensor1 * tensor2.</summary>
    public static Tensor addcmul(Tensor input, Tensor tensor1, Tensor tensor2, Scalar value) => input.addcmul(tensor1, tensor2, value);

    /// <summary>input + value * tensor1 / tensor2.</summary>
    public static Tensor addcdiv(Tensor input, Tensor tensor1, Tensor tensor2, Scalar value) => input.addcdiv(tensor1, tensor2, value);

    /// <summary>Limited to [min, max]; a null bound is open.</summary>
    public static Tensor clamp(Tensor input, Scalar? min = null, Scalar? max = null) => input.clamp(min, max);

    /// <summary>Limited to [min, max] element-wise; a null bound is open.</summary>
    public static Tensor clamp(Tensor input, Tensor? min = null, Tensor? max = null) => input.clamp(min, max);

    /// <summary>In place: limited to [min, max]; a null bound is open.</summary>
    public static Tensor clamp_(Tensor input, Scalar? min = null, Scalar? max = null) => input.clamp_(min, max);

    /// <summary>Limited to [min, max]; a null bound is open.</summary>
    public static Tensor clip(Tensor input, Scalar? min = null, Scalar? max = null) => input.clip(min, max);

    /// <summary>True where equal.</summary>
    public static Tensor eq(Tensor left, Tensor right) => left.eq(right);

    /// <summary>True where different.</summary>
    public static Tensor ne(Tensor left, Tensor right) => left.ne(right);

    /// <summary>True where less.</summary>
    public static Tensor lt(Tensor left, Tensor right) => left.lt(right);

    /// <summary>True where less or equal.</summary>
    public static Tensor le(Tensor left, Tensor right) => left.le(right);

    /// <summary>True where greater.</summary>
    public static Tensor gt(Tensor left, Tensor right) => left.gt(right);

    /// <summary>True where greater or equal.</summary>
    public static Tensor ge(Tensor left, Tensor right) => left.ge(right);
}
