namespace SpotTrainer.Instances;

/// <summary>The goal of Wait-SpotTrainingInstance.</summary>
public enum InstanceGoal
{
    /// <summary>The instance accepts our login, presents its pinned host key, and holds its deadline.</summary>
    Ready,

    /// <summary>EC2 reports the instance as terminated.</summary>
    Terminated,
}
