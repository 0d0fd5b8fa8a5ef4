namespace SpotTrainer.Instances;

/// <summary>What Wait-SpotTrainingInstance waits for.</summary>
public enum InstanceGoal
{
    /// <summary>It lets us in with its pinned host key, and holds its deadline.</summary>
    Ready,

    /// <summary>EC2 says that it is terminated.</summary>
    Terminated,
}
