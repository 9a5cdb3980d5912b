namespace Bank.Options;

internal static class HelpText
{
    public const string Text =
        """
        Bank: money transfers between replicated account grains, on several silo processes, one of which is killed on the way.

        Usage: dotnet run --project samples/Bank -- [options]

          --mode sync|async       acknowledge when durable on every in-sync replica, or on the master alone   (sync)
          --fault KIND            what befalls the silo that masters most groups, at a third of the way        (kill)
                                    kill        SIGKILL; started again at two thirds
                                    stop        SIGSTOP; SIGCONT at two thirds
                                    disk-error  every sync of its log fails (Linux, with strace); started again
                                    disk-hang   a sync of its log does not end (Linux, with strace); it goes on
                                    all         SIGKILL to all silos; started again in random order
                                    two         SIGKILL to the silo and another one; started again
                                    isolate     cut off from others, who are not told; reached again
                                    random      one fault of any kind on any silo after another, for 120 s, each to be
                                                got over within 4 s and, after its end, be made good within 15 s
                                    none
          --isolate WHOM          whom isolate cuts the silo off from: silos|clients|everybody                 (silos)
          --direction WAY         what of its traffic is lost: both|out|in                                     (both)
          --seed N                what is random in a fault comes from it                      (another one for each run)
          --seconds N             how long the transfers last                                                  (30)
          --accounts N            number of accounts; other than 100: makes transfers over so many accounts.
                                  With --input: the most accounts that the file may name                       (100)
          --callers N             transfers under way at once                                                  (32)
          --silos N               silo processes                                                               (3)
          --input FILE            transfers of your own, lines of id,from,to,amount       (the shipped transfers.csv)
          --data DIR              keep logs and books in a new folder below DIR    (temporary, removed after a good run)
          --help                  this text

        The last line says what was found in the books of every replica:
          acknowledged=N lost=N duplicated=N failed_calls=N failover_ms_p50=N failover_ms_max=N replicas_equal=true|false
        and, with --mode async, orphaned=N.

        Exit codes: 0 nothing lost or duplicated, no call failed, replicas equal (async: every lost operation is in an orphan file);
        1 something was found wrong, or the run broke off; 2 a wrong option or a malformed input file, nothing was run.
        """;
}
