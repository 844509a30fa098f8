using Grpc.Core;
using Rapid.Protocol.V1;

namespace Rapid.Learner.Replay;

/// <summary>What a table gave.</summary>
public abstract record Received
{
    /// <summary>Which of several replay services it came from.</summary>
    public int Shard { get; internal set; }

    /// <summary>Which life of the table it came from: names of items mean others in another one.</summary>
    internal string Incarnation { get; set; } = "";
}

/// <summary>What reading does in its own way for one kind of table. Every client has one of its own.</summary>
/// <param name="activity">What is tried, for the log: "reading trajectories".</param>
/// <param name="prefetch">Answers that may be on their way, unread or in use at once.</param>
/// <typeparam name="T">What answers are decoded to.</typeparam>
public abstract class TableProtocol<T>(string activity, int prefetch)
    where T : Received
{
    /// <summary>What is tried, for the log.</summary>
    public string Activity => activity;

    /// <summary>Answers that may be on their way, unread or in use at once.</summary>
    public int Prefetch => prefetch;

    /// <summary>Whether the reader fills the table itself: it must not wait for one that does not hold enough to give anything.</summary>
    public virtual bool IsFilledByReader => false;

    /// <summary>Answers that were dropped because they are not of this run.</summary>
    public virtual long InvalidAnswers => 0;

    /// <summary>Completes the first message of a call.</summary>
    public virtual void Open(SampleRequest first)
    {
    }

    /// <summary>What the table keeps of a block.</summary>
    public virtual Trajectory ToStored(Trajectory block) => block;

    /// <summary>Decodes an answer, on the client's own task.</summary>
    /// <param name="reply">An item or a batch.</param>
    /// <param name="next">Says to the service what it has to hear of an answer that is dropped.</param>
    /// <returns>Null when it is dropped and another one is wanted.</returns>
    /// <exception cref="RpcException">UNAVAILABLE: it is not what was asked for; another call may bring a better one.</exception>
    public abstract T? Decode(SampleReply reply, SampleRequest next);

    /// <summary>Takes back an answer that nobody uses any more.</summary>
    /// <param name="answer">One that <see cref="Decode"/> made.</param>
    /// <param name="next">Says to the service what it has to hear.</param>
    public virtual void Release(T answer, SampleRequest next)
    {
    }
}
