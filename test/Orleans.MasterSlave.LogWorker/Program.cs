// Another process on a log directory, for crash tests: test/crash-sweep.sh and LogCrashTests. What it confirmed stands on its standard output.
using Orleans.MasterSlave.LogWorker;

return args switch
{
    ["write", var path, var groups, var steps, .. var resume] => await Writer.RunAsync(path, int.Parse(groups), int.Parse(steps), resume is [var file] ? Confirmed.Read(file) : Confirmed.None),
    ["check", var path, var groups, .. var confirmed] => await Checker.RunAsync(path, int.Parse(groups), Confirmed.Read(confirmed)),
    ["fill", var path, var ballast] => await Filler.RunAsync(path, ballast),
    ["shorten", var path] => await Shortener.RunAsync(path),
    ["forget", var path] => Forgetter.Run(path),
    _ => Usage(),
};

static int Usage()
{
    Console.Error.WriteLine("""
        write  DIRECTORY GROUPS STEPS [RESUME]   takes each group through its plan; a line "group step" for each step that is durable
        check  DIRECTORY GROUPS CONFIRMED...     compares the log with the plan and the lines of these files; a line "group step" for where each is
        fill   DIRECTORY BALLAST                 appends until the disk is full, deletes the file BALLAST, goes on
        shorten DIRECTORY                        appends until the system writes only a part of a batch
        forget DIRECTORY                         drops what no disk need hold: what older segments have beyond their end
        """);
    return 2;
}
