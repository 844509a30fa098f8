using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Grpc.Core;
using Grpc.Wire;

namespace Grpc.Tests;

/// <summary>Forms on the wire that no public member shows, and answers that differ: left out of a build on the upstream packages.</summary>
public class WireTests
{
    [Fact]
    public void Any_status_message_survives_percent_encoding_as_printable_ascii() => Prop.ForAll<string>(text =>
    {
        // A lone surrogate has no UTF-8.
        var message = Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text ?? ""));
        var encoded = GrpcHeaders.EncodeMessage(message);
        return encoded.All(c => c is >= ' ' and <= '~') && GrpcHeaders.DecodeMessage(encoded) == message;
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void Any_bytes_survive_a_binary_header_with_or_without_padding() => Prop.ForAll<byte[]>(bytes =>
    {
        var text = GrpcHeaders.ValueOf(new Metadata.Entry("k-bin", bytes));
        var metadata = new Metadata();
        GrpcHeaders.AddTo(metadata, "K-Bin", text);
        GrpcHeaders.AddTo(metadata, "k-bin", text.TrimEnd('='));
        return metadata.Count == 2 && metadata.All(entry => entry.ValueBytes.SequenceEqual(bytes));
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void A_binary_header_may_hold_several_values()
    {
        var metadata = new Metadata();
        GrpcHeaders.AddTo(metadata, "k-bin", "AQ==, Ag");
        Assert.Equal([[1], [2]], metadata.GetAll("k-bin").Select(entry => entry.ValueBytes));
    }

    [Theory]
    [InlineData("k-bin", "%%%")]
    [InlineData("not!valid", "value")]
    public void A_header_that_cannot_be_metadata_is_left_out(string name, string value)
    {
        var metadata = new Metadata();
        GrpcHeaders.AddTo(metadata, name, value);
        Assert.Empty(metadata);
    }

    /// <summary>The upstream server says UNKNOWN to both, which does not tell the client that it is the one to blame.</summary>
    [Theory]
    [InlineData(new byte[] { 2, 0, 0, 0, 0 }, StatusCode.Internal)]
    [InlineData(new byte[] { 0, 0, 0, 0, 2, 0xFF, 0xFF }, StatusCode.InvalidArgument)]
    public Task Frames_that_hold_no_message_are_the_clients_fault(byte[] body, StatusCode expected) =>
        CallTests.CheckFrameAsync(body, expected);

    [Theory]
    [InlineData("\t\ntest with whitespace\r\nand Unicode BMP ☺ and non-BMP 😈\t\n")]
    [InlineData("100% plain")]
    [InlineData("")]
    public void Status_messages_survive_percent_encoding(string message) =>
        Assert.Equal(message, GrpcHeaders.DecodeMessage(GrpcHeaders.EncodeMessage(message)));

    [Fact]
    public void Timeouts_are_never_shorter_than_asked_and_fit_eight_digits()
    {
        foreach (var ticks in new[] { 1L, 99, 12_345, 9_999_999, 123_456_789, TimeSpan.TicksPerDay, 400 * TimeSpan.TicksPerDay })
        {
            var text = GrpcHeaders.FormatTimeout(TimeSpan.FromTicks(ticks));
            Assert.InRange(text.Length, 2, 9);
            Assert.True(GrpcHeaders.ParseTimeout(text)!.Value.Ticks >= ticks);
        }

        foreach (var bad in new[] { "", "S", "1", "123456789S", "-1S", "1x", " 1S" })
        {
            Assert.Null(GrpcHeaders.ParseTimeout(bad));
        }
    }
}
