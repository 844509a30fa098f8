using TorchSharp.Interop;

namespace TorchSharp;

public static partial class torch
{
    public partial class Tensor
    {
        /// <summary>Absolute value.</summary>
        public Tensor abs() => New(Native.rt_abs(Handle), this);

        /// <summary>e^x.</summary>
        public Tensor exp() => New(Native.rt_exp(Handle), this);

        /// <summary>e^x - 1, exact near 0.</summary>
        public Tensor expm1() => New(Native.rt_expm1(Handle), this);

        /// <summary>Natural logarithm.</summary>
        public Tensor log() => New(Native.rt_log(Handle), this);

        /// <summary>log(1 + x), exact near 0.</summary>
        public Tensor log1p() => New(Native.rt_log1p(Handle), this);

        /// <summary>Logarithm to base 2.</summary>
        public Tensor log2() => New(Native.rt_log2(Handle), this);

        /// <summary>Logarithm to base 10.</summary>
        public Tensor log10() => New(Native.rt_log10(Handle), this);

        /// <summary>Hyperbolic tangent.</summary>
        public Tensor tanh() => New(Native.rt_tanh(Handle), this);

        /// <summary>max(x, 0).</summary>
        public Tensor relu() => New(Native.rt_relu(Handle), this);

        /// <summary>1 / (1 + e^-x).</summary>
        public Tensor sigmoid() => New(Native.rt_sigmoid(Handle), this);

        /// <summary>Square root.</summary>
        public Tensor sqrt() => New(Native.rt_sqrt(Handle), this);

        /// <summary>1 / sqrt(x).</summary>
        public Tensor rsqrt() => New(Native.rt_rsqrt(Handle), this);

        /// <summary>-x.</summary>
        public Tensor neg() => New(Native.rt_neg(Handle), this);

        /// <summary>-1, 0 or 1.</summary>
        public Tensor sign() => New(Native.rt_sign(Handle), this);

        /// <summary>Sine.</summary>
        public Tensor sin() => New(Native.rt_sin(Handle), this);

        /// <summary>Cosine.</summary>
        public Tensor cos() => New(Native.rt_cos(Handle), this);

        /// <summary>Tangent.</summary>
        public Tensor tan() => New(Native.rt_tan(Handle), this);

        /// <summary>Arc tangent.</summary>
        public Tensor atan() => New(Native.rt_atan(Handle), this);

        /// <summary>Largest integer not above x.</summary>
        public Tensor floor() => New(Native.rt_floor(Handle), this);

        /// <summary>Smallest integer not below x.</summary>
        public Tensor ceil() => New(Native.rt_ceil(Handle), this);

        /// <summary>Integer part.</summary>
        public Tensor trunc() => New(Native.rt_trunc(Handle), this);

        /// <summary>1 / x.</summary>
        public Tensor reciprocal() => New(Native.rt_reciprocal(Handle), this);

        /// <summary>Error function.</summary>
        public Tensor erf() => New(Native.rt_erf(Handle), this);

        /// <summary>True where x is neither infinite nor NaN.</summary>
        public Tensor isfinite() => New(Native.rt_isfinite(Handle), this);

        /// <summary>True where x is NaN.</summary>
        public Tensor isnan() => New(Native.rt_isnan(Handle), this);

        /// <summary>True where x is infinite.</summary>
        public Tensor isinf() => New(Native.rt_isinf(Handle), this);

        /// <summary>True where x is 0.</summary>
        public Tensor logical_not() => New(Native.rt_logical_not(Handle), this);

        /// <summary>Bitwise or logical complement.</summary>
        public Tensor bitwise_not() => New(Native.rt_bitwise_not(Handle), this);

        /// <summary>-x.</summary>
        public Tensor negative() => neg();

        /// <summary>x squared.</summary>
        public Tensor square() => New(Native.rt_pow_scalar(Handle, 2), this);

        /// <summary>Rounds to the given number of decimals, halves to even.</summary>
        public Tensor round(long decimals = 0L) => New(Native.rt_round(Handle, decimals), this);

        /// <summary>log(1 + e^(beta x)) / beta; x itself where beta x exceeds the threshold.</summary>
        public Tensor softplus(double beta = 1, double threshold = 20) => New(Native.rt_softplus(Handle, beta, threshold), this);

        /// <summary>In place: absolute value.</summary>
        public Tensor abs_() => Done(Native.rt_abs_(Handle));

        /// <summary>In place: e^x.</summary>
        public Tensor exp_() => Done(Native.rt_exp_(Handle));

        /// <summary>In place: e^x - 1, exact near 0.</summary>
        public Tensor expm1_() => Done(Native.rt_expm1_(Handle));

        /// <summary>In place: natural logarithm.</summary>
        public Tensor log_() => Done(Native.rt_log_(Handle));

        /// <summary>In place: log(1 + x), exact near 0.</summary>
        public Tensor log1p_() => Done(Native.rt_log1p_(Handle));

        /// <summary>In place: hyperbolic tangent.</summary>
        public Tensor tanh_() => Done(Native.rt_tanh_(Handle));

        /// <summary>In place: max(x, 0).</summary>
        public Tensor relu_() => Done(Native.rt_relu_(Handle));

        /// <summary>In place: 1 / (1 + e^-x).</summary>
        public Tensor sigmoid_() => Done(Native.rt_sigmoid_(Handle));

        /// <summary>In place: square root.</summary>
        public Tensor sqrt_() => Done(Native.rt_sqrt_(Handle));

        /// <summary>In place: 1 / sqrt(x).</summary>
        public Tensor rsqrt_() => Done(Native.rt_rsqrt_(Handle));

        /// <summary>In place: -x.</summary>
        public Tensor neg_() => Done(Native.rt_neg_(Handle));

        /// <summary>In place: -1, 0 or 1.</summary>
        public Tensor sign_() => Done(Native.rt_sign_(Handle));

        /// <summary>In place: largest integer not above x.</summary>
        public Tensor floor_() => Done(Native.rt_floor_(Handle));

        /// <summary>In place: smallest integer not below x.</summary>
        public Tensor ceil_() => Done(Native.rt_ceil_(Handle));

        /// <summary>In place: integer part.</summary>
        public Tensor trunc_() => Done(Native.rt_trunc_(Handle));

        /// <summary>In place: 1 / x.</summary>
        public Tensor reciprocal_() => Done(Native.rt_reciprocal_(Handle));

        /// <summary>In place: true where x is 0.</summary>
        public Tensor logical_not_() => Done(Native.rt_logical_not_(Handle));

        /// <summary>In place: rounds to the given number of decimals.</summary>
        public Tensor round_(long decimals = 0L) => Done(Native.rt_round_(Handle, decimals));

        /// <summary>In place: sets every element to 0.</summary>
        public Tensor zero_() => Done(Native.rt_zero_(Handle));
    }
}
