// One call per optimiser step: the update rules over all parameters, without a graph.
#include "rapid_torch.h"

#include <ATen/ops/maximum.h>
#include <ATen/ops/stack.h>
#include <c10/core/GradMode.h>
#include <cmath>

using rapid::number;
using rapid::run;
using rapid::share;

// A parameter and its state; tensors that the rule does not use are null.
struct rt_adam_state {
  void* parameter;
  void* mean;
  void* square;
  void* max_square;  // AMSGrad only
  int64_t step;  // counted up here when there is a gradient
};

struct rt_adam_options {
  double rate, beta1, beta2, eps, weight_decay;
  int32_t maximize;
};

// Kingma & Ba 2015, algorithm 1; AMSGrad: Reddi et al. 2018.
RT_API int32_t rt_adam_step(rt_adam_state* states, int32_t count, const rt_adam_options* options) {
  return run([&] {
    const c10::AutoGradMode no_grad(false);
    for (rt_adam_state* state = states; state != states + count; ++state) {
      const at::Tensor parameter = share(state->parameter);
      at::Tensor gradient = parameter.grad();
      if (!gradient.defined()) continue;
      if (options->maximize) gradient = gradient.neg();
      ++state->step;
      if (options->weight_decay != 0) gradient = gradient.add(parameter, options->weight_decay);
      const at::Tensor mean = share(state->mean);
      const at::Tensor square = share(state->square);
      mean.mul_(number(mean, options->beta1)).add_(gradient, 1 - options->beta1);
      square.mul_(number(square, options->beta2)).addcmul_(gradient, gradient, 1 - options->beta2);
      at::Tensor divided = square;
      if (state->max_square != nullptr) {
        divided = share(state->max_square);
        divided.copy_(at::maximum(divided, square));
      }
      const double correction1 = 1 - std::pow(options->beta1, static_cast<double>(state->step));
      const double correction2 = 1 - std::pow(options->beta2, static_cast<double>(state->step));
      const at::Tensor denominator = divided.sqrt();
      denominator.div_(number(denominator, std::sqrt(correction2))).add_(number(denominator, options->eps));
      parameter.addcdiv_(mean, denominator, -options->rate / correction1);
    }
  });
}

struct rt_rmsprop_state {
  void* parameter;
  void* square;
  void* momentum;  // null without momentum
  void* mean;  // centred only
  int64_t step;
};

struct rt_rmsprop_options {
  double rate, alpha, eps, weight_decay, momentum;
  int32_t maximize;
};

// Hinton's lecture 6e; centred form: Graves 2013, eq. 38-45, with eps outside the root as libtorch has it.
RT_API int32_t rt_rmsprop_step(rt_rmsprop_state* states, int32_t count, const rt_rmsprop_options* options) {
  return run([&] {
    const c10::AutoGradMode no_grad(false);
    for (rt_rmsprop_state* state = states; state != states + count; ++state) {
      const at::Tensor parameter = share(state->parameter);
      at::Tensor gradient = parameter.grad();
      if (!gradient.defined()) continue;
      if (options->maximize) gradient = gradient.neg();
      ++state->step;
      if (options->weight_decay != 0) gradient = gradient.add(parameter, options->weight_decay);
      const at::Tensor square = share(state->square);
      square.mul_(number(square, options->alpha)).addcmul_(gradient, gradient, 1 - options->alpha);
      at::Tensor deviation;
      if (state->mean != nullptr) {
        const at::Tensor mean = share(state->mean);
        mean.mul_(number(mean, options->alpha)).add_(gradient, 1 - options->alpha);
        deviation = square.addcmul(mean, mean, -1).sqrt_();
      } else {
        deviation = square.sqrt();
      }
      deviation.add_(number(deviation, options->eps));
      if (options->momentum > 0) {
        const at::Tensor momentum = share(state->momentum);
        momentum.mul_(number(momentum, options->momentum)).addcdiv_(gradient, deviation);
        parameter.add_(momentum, -options->rate);
      } else {
        parameter.addcdiv_(gradient, deviation, -options->rate);
      }
    }
  });
}

struct rt_sgd_state {
  void* parameter;
  void* momentum;  // null before the first step; a new handle is left here then
};

struct rt_sgd_options {
  double rate, momentum, dampening, weight_decay;
  int32_t nesterov;
  int32_t maximize;
};

// Sutskever et al. 2013 in libtorch's form: v = mu v + (1 - dampening) g, p -= rate v.
RT_API int32_t rt_sgd_step(rt_sgd_state* states, int32_t count, const rt_sgd_options* options) {
  return run([&] {
    const c10::AutoGradMode no_grad(false);
    for (rt_sgd_state* state = states; state != states + count; ++state) {
      const at::Tensor parameter = share(state->parameter);
      at::Tensor gradient = parameter.grad();
      if (!gradient.defined()) continue;
      if (options->weight_decay != 0) gradient = gradient.add(parameter, options->weight_decay);
      if (options->momentum != 0) {
        at::Tensor momentum;
        if (state->momentum == nullptr) {
          momentum = gradient.clone();
          state->momentum = at::Tensor(momentum).unsafeReleaseTensorImpl();
        } else {
          momentum = share(state->momentum);
          momentum.mul_(number(momentum, options->momentum)).add_(gradient, 1 - options->dampening);
        }
        gradient = options->nesterov ? gradient.add(momentum, options->momentum) : momentum;
      }
      parameter.add_(gradient, options->maximize ? options->rate : -options->rate);
    }
  });
}

// Scales all gradients by min(1, max_norm / (norm + 1e-6)), the norm taken over all of them together.
RT_API int32_t rt_clip_grad_norm_(void* const* parameters, int32_t count, double max_norm, double order, double* total) {
  return run([&] {
    const c10::AutoGradMode no_grad(false);
    std::vector<at::Tensor> gradients;
    std::vector<at::Tensor> norms;
    for (const at::Tensor& parameter : rapid::share_all(parameters, count)) {
      at::Tensor gradient = parameter.grad();
      if (!gradient.defined()) continue;
      norms.push_back(gradient.norm(order));
      gradients.push_back(std::move(gradient));
    }
    if (gradients.empty()) {
      *total = 0;
      return;
    }
    const at::Tensor norm = norms.size() == 1 ? norms[0] : at::stack(norms).norm(order);
    const at::Tensor factor = norm.add(1e-6).reciprocal().mul(max_norm).clamp_max(1.0);
    for (const at::Tensor& gradient : gradients) gradient.mul_(factor);
    *total = norm.item().toDouble();
  });
}
