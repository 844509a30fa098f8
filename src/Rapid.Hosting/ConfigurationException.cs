namespace Rapid.Hosting;

/// <summary>The service's configuration cannot work; the message names each variable, its value and what is allowed.</summary>
public sealed class ConfigurationException : Exception
{
    /// <summary>One line per problem.</summary>
    public ConfigurationException(IReadOnlyList<string> problems)
        : base(string.Join(Environment.NewLine, problems)) => Problems = problems;

    /// <summary>One entry per wrong variable.</summary>
    public IReadOnlyList<string> Problems { get; }
}
