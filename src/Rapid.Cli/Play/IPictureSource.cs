namespace Rapid.Cli.Play;

/// <summary>Where pictures of an environment come from.</summary>
internal interface IPictureSource : IDisposable
{
    /// <summary>The environment was reset.</summary>
    void Start();

    /// <summary>The environment made a step.</summary>
    /// <param name="score">The episode's so far.</param>
    /// <param name="isLast">No further step of this episode follows.</param>
    void Step(double score, bool isLast);

    /// <summary>The next picture, in order; its pixels are valid until the next call.</summary>
    bool TryTake(out Picture picture);

    /// <summary>The episode in one phrase: "score 21, 812 frames".</summary>
    string Summary(double score);
}
