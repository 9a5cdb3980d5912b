using System.Reflection;
using Orleans.MasterSlave.Contracts;
using Orleans.MasterSlave.Shell;
using Orleans.Serialization;
using Orleans.Serialization.Invocation;
using Xunit;

namespace Orleans.MasterSlave.Tests.Server;

/// <summary>What becomes of results and exceptions that cannot be serialized (W5).</summary>
public sealed class AnswersTests
{
    private static readonly CallSerializer Calls = CallSerializers.New();

    private readonly List<string> _told = [];

    private Answers Answers => new(Calls, (call, _) => _told.Add(call));

    [Fact]
    public void Result_WithoutCodec_IsAnsweredByAnException_ThatNamesTheType()
    {
        var error = Thrown(Response.FromResult<object>(new Plain()));
        Assert.StartsWith("IBook.Reserve was executed, but its result (Orleans.MasterSlave.Tests.Server.AnswersTests+Plain) cannot be serialized", error.Message);
        Assert.Contains("[GenerateSerializer]", error.Message, StringComparison.Ordinal);
        Assert.Equal(["IBook.Reserve"], _told);
    }

    [Fact]
    public void Result_WithSomethingInItThatHasNoCodec_NamesThat()
    {
        var error = Thrown(Response.FromResult<object>(new List<object> { 1, new Plain() }));
        Assert.Contains("System.Collections.Generic.List", error.Message, StringComparison.Ordinal);
        Assert.Contains("AnswersTests+Plain", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AnswerOfASkippedOperation_NamesTheGroup_AndNoReplica()
    {
        var text = Calls.DeserializeResponse(Answers.OfSkipped(GrainId.Create("book", "one"), new LogPosition(new Epoch(2), new LogIndex(7)))).Exception!.Message;
        Assert.Equal("book/one: an operator decided that operation e2:7 is never to be executed. It changed nothing.", text);
    }

    [Fact]
    public void Exception_WithoutCodec_KeepsItsTypeAndMessageInTheText()
    {
        var error = Thrown(Response.FromException(new OwnException("sold out")));
        Assert.Contains("the exception that it threw (Orleans.MasterSlave.Tests.Server.AnswersTests+OwnException: sold out)", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Exception_WithSomethingWithoutCodecInItsData_ReachesTheCallerAllTheSame()
    {
        var thrown = new ArgumentException("sold out");
        thrown.Data["seat"] = new Plain();
        Assert.Contains("sold out", Read(Response.FromException(thrown)).Exception!.Message, StringComparison.Ordinal);
    }

    /// <summary>"Not executed" is the library's word, and not an author's to give.</summary>
    [Fact]
    public void ExceptionOfThisLibrary_ThatTheGrainThrew_IsMarkedAsTheGrains()
    {
        var response = Read(Response.FromException(new OverloadedException("not executed")));
        var marked = Assert.IsType<ThrownByGrainException>(response.Exception);
        Assert.Equal("IBook.Reserve was executed, and its own code threw OverloadedException: not executed", marked.Message);
        Assert.Equal("not executed", Assert.IsType<OverloadedException>(marked.InnerException).Message);
        Assert.IsType<ThrownByGrainException>(Calls.DeserializeResponse(Answers.OfRead(Response.FromException(new ReplicaUnavailableException("x")), new Call())).Exception);
    }

    [Fact]
    public void Answer_OfEveryReplica_IsTheSame() =>
        Assert.Equal(Answers.ToBytes(Response.FromException(new OwnException("x")), new Call()), Answers.ToBytes(Response.FromException(new OwnException("x")), new Call()));

    [Fact]
    public void Converter_ThatThrowsWhatItLikes_IsNamedByTypeOnly()
    {
        var error = Thrown(Response.FromResult<object>(new Moody()));
        Assert.Contains("(System.InvalidOperationException)", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("today", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Answer_ThatCanBeSerialized_IsItself()
    {
        Assert.Equal(7, Read(Response.FromResult(7)).Result);
        Assert.IsType<ArgumentException>(Read(Response.FromException(new ArgumentException("no"))).Exception);
        Assert.Empty(_told);
    }

    public static TheoryData<Exception> Local =>
    [
        new OutOfMemoryException(), new TypeLoadException("x"), new MissingMethodException("x"), new BadImageFormatException(), new FileLoadException(),
        new FileNotFoundException("x", "Shop, Version=1.0.0.0, Culture=neutral"), new TypeInitializationException("x", new TypeLoadException()),
        new AggregateException(new ArgumentException(), new OutOfMemoryException()),
    ];

    /// <summary>Other replicas may have executed it to its end.</summary>
    [Theory, MemberData(nameof(Local))]
    public void FailureOfThisSilo_IsNoAnswerOfAnOperation(Exception error)
    {
        Assert.Throws<LocalFailureException>(() => Answers.ToBytes(Response.FromException(error), new Call()));
        Assert.NotNull(Calls.DeserializeResponse(Answers.OfRead(Response.FromException(error), new Call())).Exception);
    }

    [Fact]
    public void FailureOfTheApplication_IsAnAnswer()
    {
        Assert.False(LocalFailure.Is(new FileNotFoundException("x", "prices.txt")));
        Assert.False(LocalFailure.Is(new TypeInitializationException("x", new ArgumentException())));
        Assert.False(LocalFailure.Is(new InvalidOperationException("x", new OutOfMemoryException()))); // the author caught it
    }

    private UnserializableAnswerException Thrown(Response response) => Assert.IsType<UnserializableAnswerException>(Read(response).Exception);

    private Response Read(Response response) => Calls.DeserializeResponse(Answers.ToBytes(response, new Call()));

    private sealed class Plain;

    private sealed class OwnException(string message) : Exception(message);

    [GenerateSerializer, Alias("test.moody")]
    internal sealed class Moody
    {
        [Id(0)] public int Value { get => throw new InvalidOperationException("not today"); set => _ = value; }
    }

    private sealed class Call : RequestBase
    {
        public override string GetInterfaceName() => "IBook";
        public override string GetMethodName() => "Reserve";
        public override string GetActivityName() => "IBook/Reserve";
        public override Type GetInterfaceType() => typeof(Call);
        public override MethodInfo GetMethod() => throw new NotSupportedException();
        public override ValueTask<Response> Invoke() => throw new NotSupportedException();
        public override object GetTarget() => this;
        public override void SetTarget(ITargetHolder holder) { }
        public override void Dispose() { }
    }
}
