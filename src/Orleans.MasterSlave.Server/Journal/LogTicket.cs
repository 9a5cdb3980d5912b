namespace Orleans.MasterSlave.Journal;

/// <summary>Says when a record will be durable: with the batch of this number, when the task completes.</summary>
internal readonly record struct LogTicket(long Batch, Task Durable);
