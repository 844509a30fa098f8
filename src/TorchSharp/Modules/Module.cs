using System.Reflection;
using TorchSharp.Modules;

namespace TorchSharp;

public static partial class torch
{
    public static partial class nn
    {
        /// <summary>A network or a part of one: named parameters, buffers and sub-modules.</summary>
        /// <remarks>
        /// A module of one's own calls <see cref="RegisterComponents"/> at the end of its constructor: fields that are modules, parameters
        /// or tensors become sub-modules, parameters or buffers under the field's name. Disposing a module disposes all of them.
        /// </remarks>
        public class Module : IDisposable
        {
            private readonly List<(string Name, Module Module)> _submodules = [];
            private readonly List<(string Name, Parameter Parameter)> _parameterList = [];
            private readonly List<(string Name, Tensor Buffer, bool Persistent)> _bufferList = [];
            private readonly string _name;
            private bool _areComponentsRegistered;
            private bool _training = true;

            /// <summary>A module with a name for messages.</summary>
            protected Module(string name) => _name = name;

            /// <summary>Whether layers that behave differently in training do so.</summary>
            public virtual bool training => _training;

            /// <summary>Disposes parameters, buffers and sub-modules.</summary>
            public void Dispose()
            {
                Dispose(true);
                GC.SuppressFinalize(this);
            }

            /// <summary>The module's name.</summary>
            public virtual string GetName() => _name;

            /// <summary>Sets training mode here and below.</summary>
            public virtual void train(bool train = true)
            {
                _training = train;
                foreach (var (_, module) in _submodules)
                {
                    module.train(train);
                }
            }

            /// <summary>Ends training mode here and below.</summary>
            public virtual void eval() => train(false);

            /// <summary>Removes the gradients, or sets them to zero.</summary>
            public virtual void zero_grad(bool set_to_none = true)
            {
                foreach (var parameter in parameters())
                {
                    using var gradient = parameter.grad;
                    if (set_to_none)
                    {
                        parameter.grad = null;
                    }
                    else
                    {
                        gradient?.zero_();
                    }
                }
            }

            /// <summary>The module's own sub-modules.</summary>
            public virtual IEnumerable<(string name, Module module)> named_children() => _submodules;

            /// <summary>The module's own sub-modules.</summary>
            public virtual IEnumerable<Module> children() => named_children().Select(child => child.module);

            /// <summary>All sub-modules, with dotted names.</summary>
            public virtual IEnumerable<(string name, Module module)> named_modules() => _submodules.Concat(
                from child in _submodules
                from below in child.Module.named_modules()
                select ($"{child.Name}.{below.name}", below.module));

            /// <summary>All sub-modules.</summary>
            public virtual IEnumerable<Module> modules() => named_modules().Select(named => named.module);

            /// <summary>Parameters with dotted names, each once; of sub-modules too if asked.</summary>
            public virtual IEnumerable<(string name, Parameter parameter)> named_parameters(bool recurse = true)
            {
                var below =
                    from child in recurse ? _submodules : []
                    from own in child.Module.named_parameters()
                    select ($"{child.Name}.{own.name}", own.parameter);
                return _parameterList.Concat(below).DistinctBy(own => own.Item2, ReferenceEqualityComparer.Instance);
            }

            /// <summary>Parameters, each once; of sub-modules too if asked.</summary>
            public virtual IEnumerable<Parameter> parameters(bool recurse = true) =>
                named_parameters(recurse).Select(named => named.parameter);

            /// <summary>Buffers with dotted names; of sub-modules too if asked.</summary>
            public virtual IEnumerable<(string name, Tensor buffer)> named_buffers(bool recurse = true, bool include_nonpersistent = true)
            {
                var own =
                    from buffer in _bufferList
                    where include_nonpersistent || buffer.Persistent
                    select (buffer.Name, buffer.Buffer);
                var below =
                    from child in recurse ? _submodules : []
                    from buffer in child.Module.named_buffers(true, include_nonpersistent)
                    select ($"{child.Name}.{buffer.name}", buffer.buffer);
                return own.Concat(below);
            }

            /// <summary>Buffers; of sub-modules too if asked.</summary>
            public virtual IEnumerable<Tensor> buffers(bool recurse = true, bool include_nonpersistent = true) =>
                named_buffers(recurse, include_nonpersistent).Select(named => named.buffer);

            /// <summary>The living parameters and persistent buffers by dotted name (no copies).</summary>
            /// <param name="destination">Where to add them; a new dictionary if null.</param>
            /// <param name="prefix">Put before every name, with a dot.</param>
            public virtual Dictionary<string, Tensor> state_dict(Dictionary<string, Tensor>? destination = null, string? prefix = null)
            {
                destination ??= [];
                var state = named_parameters().Select(own => (own.name, tensor: (Tensor)own.parameter))
                    .Concat(named_buffers(include_nonpersistent: false).Select(own => (own.name, tensor: own.buffer)));
                foreach (var (name, tensor) in state)
                {
                    destination.TryAdd(string.IsNullOrEmpty(prefix) ? name : $"{prefix}.{name}", tensor);
                }

                return destination;
            }

            /// <summary>Copies values into the parameters and buffers of the same names.</summary>
            /// <param name="source">Values by dotted name.</param>
            /// <param name="strict">Refuse missing and unexpected names.</param>
            /// <param name="skip">Names to leave out.</param>
            /// <exception cref="InvalidOperationException">Strict, and the names differ.</exception>
            public virtual (IList<string> missing_keys, IList<string> unexpected_keyes) load_state_dict(
                Dictionary<string, Tensor> source, bool strict = true, IList<string>? skip = null)
            {
                var destination = state_dict();
                var skipped = skip ?? [];
                var missing = destination.Keys.Except(source.Keys).Except(skipped).ToList();
                var unexpected = source.Keys.Except(destination.Keys).Except(skipped).ToList();
                if (strict && (missing.Count > 0 || unexpected.Count > 0))
                {
                    throw new InvalidOperationException(
                        $"the state does not fit {GetName()}: missing [{string.Join(", ", missing)}], "
                        + $"unexpected [{string.Join(", ", unexpected)}]");
                }

                using var recording = no_grad();
                foreach (var (name, value) in source)
                {
                    if (!skipped.Contains(name) && destination.TryGetValue(name, out var target))
                    {
                        target.copy_(value);
                    }
                }

                return (missing, unexpected);
            }

            /// <summary>Adds a sub-module, under a name without dots.</summary>
            /// <exception cref="ArgumentException">The name is empty or has a dot.</exception>
            /// <exception cref="InvalidOperationException">The name is taken.</exception>
            public virtual void register_module(string name, Module submodule)
            {
                if (name.Length == 0 || name.Contains('.'))
                {
                    throw new ArgumentException($"'{name}' cannot name a sub-module: it is empty or has a dot", nameof(name));
                }

                ThrowIfTaken(name);
                submodule.RegisterComponents();
                _submodules.Add((name, submodule));
            }

            /// <summary>Adds a sub-module, under a name without dots.</summary>
            public void add_module(string name, Module module) => register_module(name, module);

            /// <summary>Adds a parameter.</summary>
            /// <exception cref="InvalidOperationException">The name is taken.</exception>
            public virtual void register_parameter(string name, Parameter param)
            {
                ThrowIfTaken(name);
                _parameterList.Add((name, param));
            }

            /// <summary>Adds a tensor that belongs to the state but is not optimised.</summary>
            /// <exception cref="InvalidOperationException">The name is taken.</exception>
            public virtual void register_buffer(string name, Tensor tensor, bool persistent = true)
            {
                ThrowIfTaken(name);
                _bufferList.Add((name, tensor, persistent));
            }

            /// <summary>Registers the fields that are modules, parameters or tensors and are not registered yet.</summary>
            protected virtual void RegisterComponents()
            {
                if (_areComponentsRegistered)
                {
                    return;
                }

                _areComponentsRegistered = true;
                for (var type = GetType(); type != typeof(Module) && type is not null; type = type.BaseType)
                {
                    const BindingFlags Declared =
                        BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;
                    foreach (var field in type.GetFields(Declared).Where(field => !IsTaken(field.Name)))
                    {
                        switch (field.GetValue(this))
                        {
                            case Module module:
                                register_module(field.Name, module);
                                break;
                            case Parameter parameter:
                                register_parameter(field.Name, parameter);
                                break;
                            case Tensor tensor:
                                register_buffer(field.Name, tensor);
                                break;
                        }
                    }
                }
            }

            /// <summary>Disposes parameters, buffers and sub-modules.</summary>
            protected virtual void Dispose(bool disposing)
            {
                if (!disposing)
                {
                    return;
                }

                foreach (var (_, parameter) in _parameterList)
                {
                    parameter.Dispose();
                }

                foreach (var (_, buffer, _) in _bufferList)
                {
                    buffer.Dispose();
                }

                foreach (var (_, module) in _submodules)
                {
                    module.Dispose();
                }
            }

            private bool IsTaken(string name) => _submodules.Exists(own => own.Name == name)
                || _parameterList.Exists(own => own.Name == name) || _bufferList.Exists(own => own.Name == name);

            private void ThrowIfTaken(string name)
            {
                if (IsTaken(name))
                {
                    throw new InvalidOperationException($"{GetName()} already has a component named '{name}'");
                }
            }
        }

        /// <summary>A module of one input, without its parameters.</summary>
        public interface IModule<T, TResult>
        {
            /// <summary>Evaluates the module.</summary>
            TResult call(T input1);
        }

        /// <summary>A module of one input.</summary>
        public abstract class Module<T, TResult> : Module, IModule<T, TResult>
        {
            /// <summary>A module with a name for messages.</summary>
            protected Module(string name)
                : base(name)
            {
            }

            /// <summary>What the module computes.</summary>
            public abstract TResult forward(T input);

            /// <summary>Evaluates the module.</summary>
            public TResult call(T input) => forward(input);

        }

        /// <summary>A module of two inputs.</summary>
        public abstract class Module<T1, T2, TResult> : Module
        {
            /// <summary>A module with a name for messages.</summary>
            protected Module(string name)
                : base(name)
            {
            }

            /// <summary>What the module computes.</summary>
            public abstract TResult forward(T1 input1, T2 input2);

            /// <summary>Evaluates the module.</summary>
            public TResult call(T1 input1, T2 input2) => forward(input1, input2);
        }
    }
}
