namespace Tersor.Compression.Channels;

/// <summary>One slice of a tensor that goes when a channel goes.</summary>
/// <param name="Parameter">Name of the initializer.</param>
/// <param name="Axis">The axis that is cut.</param>
/// <param name="Index">The place on it.</param>
/// <param name="Role">What the tensor holds along the axis.</param>
public readonly record struct ChannelRecord(string Parameter, int Axis, int Index, ChannelRole Role);
